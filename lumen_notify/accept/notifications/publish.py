"""Publish: `POST /notifications`, one notification or a list of them.

Promise: users need no scope to publish under their own name to themselves, or to a room in which they are
owner or moderator. Everything else needs `notify:publish`, also naming another sender: limits count the
sender. In a room, without the scope, pushes respect quiet hours, and none is without a notification, which
users could look up. What a token with `notify:admin` publishes is noted in the audit log.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field, TypeAdapter
from pydantic_core import from_json
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypeAliasType

from lumen_notify.accept.notifications import responses
from lumen_notify.accept.notifications.bodies import PublicationBody
from lumen_notify.accept.notifications.publisher import Publisher
from lumen_notify.auth import ADMIN, PUBLISH, Principal
from lumen_notify.commit.notifications.publication import IdempotencyKey, Published
from lumen_notify.errors import Forbidden, Invalid
from lumen_notify.http.context import Context
from lumen_notify.http.operation import MODERATORS_ONLY, WRITES, Operation, header
from lumen_notify.http.requests import header as header_of
from lumen_notify.http.requests import sender_of
from lumen_notify.http.responses import answer
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import rfc3339, value

MAX_KEY_CHARACTERS = 128

PublicationBatch = TypeAliasType(
    "PublicationBatch",
    Annotated[
        list[PublicationBody],
        Field(
            description="All are published, or none. The limit applies to all recipients together.",
            json_schema_extra={"minItems": 1, "x-limit": "max_batch_rows"},
        ),
    ],
)

_ONE: TypeAdapter[PublicationBody] = TypeAdapter(PublicationBody)
_MANY: TypeAdapter[list[PublicationBody]] = TypeAdapter(list[PublicationBody])

_KEY = header(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARACTERS, "pattern": "^[ -~]+$"},
    "A request repeated with the same key and body publishes nothing and gets the first response.",
)
_EXAMPLES = {
    "one": {"value": {"to": {"user": "alice"}, "category": "like", "content": "liked your photo"}},
    "batch": {
        "value": [
            {"to": {"users": ["alice", "carol"]}, "category": "comment", "content": "Nice!"},
            {"to": {"all": True}, "category": "system", "content": "Back at noon", "priority": "high"},
        ]
    },
}


@value
class PublishEndpoint:
    """Publishes notifications."""

    context: Context
    publisher: Publisher

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/notifications",
            POST=(
                self.post,
                Operation(
                    name="publish",
                    tag="publish",
                    summary="Publish one notification, or a list of them",
                    description=(
                        "A list is a batch: all of it is published, or nothing. The response is sent after "
                        f"the commit. Publishing needs the scope `{PUBLISH}`, except, in your own name, to "
                        "yourself and to a room of which you are owner or moderator. To a room without the "
                        "scope, `push` is not `only`, and the push of priority `urgent` waits for the end of "
                        "quiet hours and counts in the limit of the hour, as one of `high`."
                    ),
                    parameters=(_KEY,),
                    body=(PublicationBody, PublicationBatch),
                    body_examples=_EXAMPLES,
                    status=201,
                    answered="Committed. The response to a list is a list.",
                    response=(responses.Published, responses.PublishedBatch),
                    problems=(
                        *WRITES,
                        "forbidden",
                        *MODERATORS_ONLY,
                        "idempotency_key_reused",
                        "too_many_categories",
                        "rate_limited",
                    ),
                ),
            ),
        )

    async def post(self, request: Request) -> Response:
        """Answer `POST /notifications`: 201 after COMMIT."""
        principal = await self.context.caller(request)
        body = await self.context.read(request)
        is_list = body.lstrip()[:1] == b"["
        key = _key(request, principal, body)
        try:
            bodies = self._parse_many(body) if is_list else [self.context.parse(_ONE, body)]
        except Invalid:
            # A time in the body may have been in the future when the request was first sent.
            earlier = await self.publisher.repeat(key)
            if earlier is None:
                raise
            published = earlier
        else:
            if is_list:
                self.context.charge(request, len(bodies) - 1)
            required_moderator = None
            if PUBLISH not in principal.scopes:
                if not all(_may_without_scope(one, principal) for one in bodies):
                    principal.require(PUBLISH)
                _refuse_push_only(bodies)
                required_moderator = principal.user_id
            published = await self.publisher.publish(
                bodies,
                sender_of(principal),
                key,
                required_moderator=required_moderator,
                admin=principal.user_id if ADMIN in principal.scopes else None,
            )
        items = [_item(one) for one in published]
        return answer({"items": items} if is_list else items[0], 201)

    def _parse_many(self, body: bytes) -> list[PublicationBody]:
        """Validate a batch. One that is far too long is refused by its length: validating it would take the
        loop for long. Raises Invalid."""
        limit = self.context.limits.max_batch_rows
        if 0 < limit <= body.count(b","):
            with contextlib.suppress(ValueError):  # no JSON, as validation says
                self.publisher.require_batch_size(len(from_json(body)))
        return self.context.parse(_MANY, body)


def _item(one: Published) -> responses.Published:
    item: responses.Published = {
        "id": one.id,
        "recipients": one.recipients,
        "position": one.position,
        "status": one.status,
    }
    if one.deliver_at is not None:
        item["deliver_at"] = rfc3339(one.deliver_at)
    if one.delayed:
        item["delayed"] = one.delayed
    if one.refused:
        item["refused"] = one.refused
    return item


def _may_without_scope(body: PublicationBody, principal: Principal) -> bool:
    is_own = body.to.user == principal.user_id or body.to.room is not None
    return is_own and body.sender is None


def _refuse_push_only(bodies: Sequence[PublicationBody]) -> None:
    """Raise Forbidden if one of these, which are without the scope, is for the devices of a room alone."""
    if any(one.push == "only" and one.to.room is not None for one in bodies):
        raise Forbidden(f'To publish to a room with "push": "only" needs a token with the scope {PUBLISH}.')


def _key(request: Request, principal: Principal, body: bytes) -> IdempotencyKey | None:
    key = header_of(request, b"idempotency-key")
    if key is None:
        return None
    if not (0 < len(key) <= MAX_KEY_CHARACTERS and key.isascii() and key.isprintable()):
        raise Invalid(
            f"must be 1 to {MAX_KEY_CHARACTERS} printable ASCII characters", field="Idempotency-Key"
        )
    return IdempotencyKey(owner=principal.user_id, key=key, digest=hashlib.sha256(body).hexdigest())
