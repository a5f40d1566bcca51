"""Operations: what each route does, takes and answers. `routes` pairs each with its endpoint."""

from __future__ import annotations

from typing import Any

from lumen_notify.accept.publishing import MAX_KEY_CHARACTERS
from lumen_notify.accept.requests import DEFAULT_PAGE, MAX_PAGE
from lumen_notify.auth import ADMIN as ADMIN_SCOPE
from lumen_notify.auth import PUBLISH as PUBLISH_SCOPE
from lumen_notify.auth import TICKET_SECONDS
from lumen_notify.commit.marks import Action
from lumen_notify.deliver.stream import COOKIE, DEVICES
from lumen_notify.metrics import CONTENT_TYPE
from lumen_notify.openapi.answers import status
from lumen_notify.openapi.operation import Operation, header, query, ref

CREDENTIALS: dict[str, dict[str, Any]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": (
            f"A JSON Web Token with `sub` and `exp`. To publish to others its `scope` has `{PUBLISH_SCOPE}`."
        ),
    },
    "ticket": {
        "type": "apiKey",
        "in": "query",
        "name": "ticket",
        "description": f"For the stream alone: valid {TICKET_SECONDS} seconds, so that no token is in a URL.",
    },
    "token": {
        "type": "apiKey",
        "in": "query",
        "name": "token",
        "description": "For the stream alone: the same as `bearer`. URLs end up in logs; prefer a ticket.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "For the stream alone: set when a ticket opens one, so that a browser can come back.",
    },
}
"""Security schemes by name. Where several are given, the first of token, ticket, bearer, cookie counts."""

TAGS = {
    "publish": "Your application tells its users something.",
    "inbox": "A user's own notifications.",
    "stream": "One open connection of a user, and what belongs to it.",
    "process": "About the server itself. Needs no token.",
}

BEARER = ("bearer",)
CALLER = ("token_missing", "token_invalid", "token_expired", "keys_unavailable")
READS = (*CALLER, "database_unavailable")
WRITES = (*READS, "invalid", "too_large", "commit_unknown", "overloaded")

_ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The notification's id.",
    "schema": {"type": "string", "format": "uuid"},
}
_FLAG = {"type": "string", "enum": ["true", "false"]}

PUBLISH = Operation(
    name="publish",
    tag="publish",
    summary="Publish one notification, or a list of them",
    description=(
        "A list is a batch: all of it is published, or nothing. The answer comes once it is committed. "
        f"To publish to oneself no scope is needed, to anybody else `{PUBLISH_SCOPE}`."
    ),
    credentials=BEARER,
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
    problems=(*WRITES, "forbidden", "idempotency_key_reused"),
)

SCHEDULED = Operation(
    name="listScheduled",
    tag="publish",
    summary="List what the caller has scheduled, the next to leave first",
    description=f"With the scope `{ADMIN_SCOPE}`: what anybody has scheduled.",
    credentials=BEARER,
    parameters=(
        query(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": DEFAULT_PAGE},
            "The most items of one page.",
        ),
        query(
            "cursor",
            {"type": "string", "pattern": "^[0-9]{1,15}-[0-9a-f-]{36}$"},
            "The `next_cursor` of the page before.",
        ),
    ),
    answered="A page.",
    answer=ref("ScheduledNotifications"),
    problems=(*READS, "invalid"),
)

CANCEL = Operation(
    name="cancelScheduled",
    tag="publish",
    summary="Cancel a scheduled notification",
    credentials=BEARER,
    parameters=(_ID,),
    answered="It will not be published.",
    answer=ref("Cancelled"),
    problems=(*READS, "not_found", "commit_unknown", "overloaded"),
)

LIST = Operation(
    name="listNotifications",
    tag="inbox",
    summary="List the caller's notifications, newest first",
    description="Unknown parameters are refused.",
    credentials=BEARER,
    parameters=(
        query(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": DEFAULT_PAGE},
            "The most items of one page.",
        ),
        query(
            "cursor", {"type": "string", "pattern": "^[0-9]{1,18}$"}, "The `next_cursor` of the page before."
        ),
        query("unread", _FLAG, "Only those that are unread, or only those that are not."),
        query("archived", _FLAG, "`true`: only the archived; else these are left out."),
        query("category", ref("Category"), "Only those of this category."),
    ),
    answered="A page.",
    answer=ref("Notifications"),
    problems=(*READS, "invalid"),
)

GET = Operation(
    name="getNotification",
    tag="inbox",
    summary="Get one of the caller's notifications",
    credentials=BEARER,
    parameters=(_ID,),
    answered="The notification.",
    answer=ref("ListedNotification"),
    problems=(*READS, "not_found"),
)

PUT = Operation(
    name="putNotification",
    tag="inbox",
    summary="Mark one as read, or as unread again",
    credentials=BEARER,
    parameters=(_ID,),
    body=ref("ReadBody"),
    body_examples={"read": {"value": {"is_read": True}}},
    answered="The notification as it is now.",
    answer=ref("ListedNotification"),
    problems=(*WRITES, "not_found"),
)

UNREAD = Operation(
    name="countUnread",
    tag="inbox",
    summary="Count what is unread",
    credentials=BEARER,
    answered="The numbers, and the place in the log at which they hold.",
    answer=ref("Counts"),
    problems=READS,
)

_MARKS: dict[Action, str] = {
    "read": "Mark as read",
    "seen": "Mark as seen",
    "unread": "Mark as unread again",
    "archive": "Archive: out of the list, and not unread",
    "unarchive": "Take back out of the archive",
}


def mark(action: Action) -> Operation:
    """Describe `POST /notifications/{action}`."""
    return Operation(
        name=f"mark{action.capitalize()}",
        tag="inbox",
        summary=_MARKS[action],
        description="What is so already stays so. All of the caller's open streams are told.",
        credentials=BEARER,
        body=ref("MarkBody"),
        body_examples={
            "all": {"value": {"all": True}},
            "category": {"value": {"category": "like", "up_to": 12}},
        },
        answered="The mark is committed.",
        answer=ref("Marked"),
        problems=WRITES,
    )


_CURSOR = {"type": "string"}

STREAM = Operation(
    name="openStream",
    tag="stream",
    summary="Open the stream",
    description=(
        "Notifications and marks as they happen, after what was missed since the cursor. Too many streams, "
        "and a database that is down, are answered by 200 and the event `closing`: an `EventSource` never "
        "comes back after another status."
    ),
    credentials=("token", "ticket", "bearer", "cookie"),
    parameters=(
        header("Last-Event-ID", _CURSOR, "The last `id` seen: where to go on from. Without it: from now."),
        query("last_event_id", _CURSOR, "The same, for a client that cannot send the header."),
        query("lastEventId", _CURSOR, "The same, as polyfills of `EventSource` name it."),
        query("device", {"type": "string", "enum": list(DEVICES)}, "What it runs on."),
    ),
    answered="The stream, open until one of both ends it.",
    answer=ref("Event"),
    media_type="text/event-stream",
    headers=(
        ("Set-Cookie", f"`{COOKIE}`, HttpOnly, SameSite=Strict; only when a ticket opened the stream."),
    ),
    problems=(*CALLER, "invalid"),
)

TICKET = Operation(
    name="makeTicket",
    tag="stream",
    summary="Change the token for a ticket",
    description=f"Put it in the stream's URL; it opens streams for {TICKET_SECONDS} seconds.",
    credentials=BEARER,
    status=201,
    answered="The ticket.",
    answer=ref("Ticket"),
    problems=CALLER,
)

RENEW = Operation(
    name="renewStreams",
    tag="stream",
    summary="Let the caller's open streams live as long as this token",
    credentials=BEARER,
    answered="How many streams gained by it.",
    answer=ref("Renewed"),
    problems=CALLER,
)

CONNECTIONS = Operation(
    name="listConnections",
    tag="stream",
    summary="List the caller's open streams",
    credentials=BEARER,
    answered="All of them that this process holds.",
    answer=ref("Connections"),
    problems=CALLER,
)

HEALTHZ = Operation(
    name="isAlive",
    tag="process",
    summary="Ask whether the process runs",
    answered="It does.",
    answer=status("ok"),
)

READYZ = Operation(
    name="isReady",
    tag="process",
    summary="Ask whether it can work",
    answered="It can.",
    answer=status("ready"),
    problems=("draining", "database_unavailable"),
)

METRICS = Operation(
    name="getFigures",
    tag="process",
    summary="Read the process's figures, for Prometheus",
    answered="Prometheus' text format.",
    answer={"type": "string"},
    media_type=CONTENT_TYPE,
)

DOCUMENT = Operation(
    name="getDocument",
    tag="process",
    summary="Read this document",
    answered="OpenAPI 3.1.",
    answer={"type": "object"},
)

DOCS = Operation(
    name="readDocument",
    tag="process",
    summary="Read this document as a page",
    answered="The page.",
    answer={"type": "string"},
    media_type="text/html",
)
