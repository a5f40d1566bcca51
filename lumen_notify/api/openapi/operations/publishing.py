"""Operations of who publishes."""

from __future__ import annotations

from lumen_notify.accept.notifications.publish import MAX_KEY_CHARACTERS
from lumen_notify.api.openapi.operation import Operation, header
from lumen_notify.api.openapi.operations.rooms import RULED
from lumen_notify.api.openapi.operations.shared import ID, PAGE_LIMIT, READS, WRITES, page_cursor
from lumen_notify.api.openapi.schema import ref
from lumen_notify.auth import ADMIN as ADMIN_SCOPE
from lumen_notify.auth import PUBLISH as PUBLISH_SCOPE

PUBLISH = Operation(
    name="publish",
    tag="publish",
    summary="Publish one notification, or a list of them",
    description=(
        "A list is a batch: all of it is published, or nothing. The answer comes once it is committed. "
        "To publish to oneself no scope is needed, nor, in one's own name, to a room that one is owner or "
        f"moderator of; to anybody else `{PUBLISH_SCOPE}`."
    ),
    parameters=(
        header(
            "Idempotency-Key",
            {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARACTERS, "pattern": "^[ -~]+$"},
            "Repeated with the same body, a request publishes nothing and gets the first answer again.",
        ),
    ),
    body={"oneOf": [ref("PublicationBody"), ref("PublicationBatch")]},
    body_examples={
        "one": {"value": {"to": {"user": "alice"}, "category": "like", "content": "liked your photo"}},
        "batch": {
            "value": [
                {"to": {"users": ["alice", "carol"]}, "category": "comment", "content": "Nice!"},
                {"to": {"all": True}, "category": "system", "content": "Back at noon", "priority": "high"},
            ]
        },
    },
    status=201,
    answered="It is committed. A list is answered by a list.",
    answer={"oneOf": [ref("Published"), ref("PublishedBatch")]},
    problems=(
        *(*WRITES, "forbidden", *RULED),
        *("idempotency_key_reused", "rate_limited"),
    ),
)

SCHEDULED = Operation(
    name="listScheduled",
    tag="publish",
    summary="List what the caller has scheduled, the next to leave first",
    description=f"With the scope `{ADMIN_SCOPE}`: what anybody has scheduled.",
    parameters=(
        PAGE_LIMIT,
        page_cursor({"type": "string", "pattern": "^[0-9]{1,15}-[0-9a-f-]{36}$"}),
    ),
    answered="A page.",
    answer=ref("ScheduledNotifications"),
    problems=(*READS, "invalid"),
)

CANCEL = Operation(
    name="cancelScheduled",
    tag="publish",
    summary="Cancel a scheduled notification",
    parameters=(ID,),
    answered="It will not be published.",
    answer=ref("Cancelled"),
    problems=(*WRITES, "not_found"),
)
