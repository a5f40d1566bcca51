"""Publishing: `POST /notifications`, one or a list.

Promise: a list is published whole or not at all. Publishing to oneself needs no scope, nor does publishing
to a room that one looks after, in one's own name; to anybody else `notify:publish`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.notifications.bodies import PublicationBody
from lumen_notify.auth import PUBLISH, Principal, Verifier
from lumen_notify.commit.committer import Committer
from lumen_notify.commit.notifications.idempotency import IdempotentResponses
from lumen_notify.commit.notifications.publication import IdempotencyKey, Publication, Published
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.errors import Invalid
from lumen_notify.http.requests import caller, header, invalid, parse, read_body, sender_of
from lumen_notify.http.responses import answer
from lumen_notify.model import EVERYONE, Audience, from_rfc3339, new_id, rfc3339, value

MAX_KEY_CHARACTERS = 128

_ONE: TypeAdapter[PublicationBody] = TypeAdapter(PublicationBody)
_MANY: TypeAdapter[list[PublicationBody]] = TypeAdapter(list[PublicationBody])


@value
class Publishing:
    """Publishes, for HTTP and for the library. max_batch_rows: recipients of one request, in sum."""

    verifier: Verifier
    committer: Committer
    repeats: IdempotentResponses
    max_body_bytes: int
    max_content_characters: int
    max_batch_rows: int
    clock: Callable[[], int]

    async def post(self, request: Request) -> Response:
        """Answer `POST /notifications`: 201 after COMMIT."""
        principal = await caller(request, self.verifier)
        body = await read_body(request, self.max_body_bytes)
        is_list = body.lstrip()[:1] == b"["
        key = _key(request, principal, body)
        context = self._context()
        try:
            bodies = parse(_MANY, body, context) if is_list else [parse(_ONE, body, context)]
        except Invalid:
            # A repeat may come when a time in it has passed.
            before = await self.repeats.find(key) if key is not None else None
            if before is None:
                raise
            published = before
        else:
            if not all(_may_without_scope(one, principal) for one in bodies):
                principal.require(PUBLISH)
            required_moderator = None if PUBLISH in principal.scopes else principal.user_id
            published = await self.publish(
                bodies, sender_of(principal), key, required_moderator=required_moderator
            )
        shown = [_shown(one) for one in published]
        return answer({"items": shown} if is_list else shown[0], 201)

    async def publish(
        self,
        bodies: Sequence[PublicationBody],
        sender: dict[str, Any],
        key: IdempotencyKey | None = None,
        *,
        required_moderator: str | None = None,
    ) -> Sequence[Published]:
        """Commit publications. sender: the caller, shown with those that name none. required_moderator:
        the user who must moderate the rooms that they are for; None for nobody.

        Raises Invalid, NotFound, Forbidden, Conflict, RateLimited, Unavailable.
        """
        publications = tuple(_publication(body, sender, required_moderator) for body in bodies)
        rows = sum(len(one.audiences) for one in publications)
        if not publications or 0 < self.max_batch_rows < rows:
            raise Invalid(
                f"a request may have from 1 to {self.max_batch_rows} recipients, this has {rows}",
                field="to.users",
            )
        result: Sequence[Published] = await self.committer.submit(Publish(publications=publications, key=key))
        return result

    def body(self, fields: dict[str, Any]) -> PublicationBody:
        """Validate a publication that comes from Python. Raises Invalid."""
        try:
            return PublicationBody.model_validate(fields, context=self._context())
        except ValidationError as error:
            raise invalid(error) from None

    def _context(self) -> dict[str, int]:
        return {"max_content_characters": self.max_content_characters, "now": self.clock()}


def _shown(one: Published) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": one.id,
        "recipients": one.recipients,
        "position": one.position,
        "status": one.status,
    }
    if one.deliver_at is not None:
        shown["deliver_at"] = rfc3339(one.deliver_at)
    if one.delayed:
        shown["delayed"] = one.delayed
    if one.refused:
        shown["refused"] = one.refused
    return shown


def _may_without_scope(body: PublicationBody, principal: Principal) -> bool:
    return body.to.user == principal.user_id or (body.to.room is not None and body.sender is None)


def _publication(
    body: PublicationBody, sender: dict[str, Any], required_moderator: str | None
) -> Publication:
    owner: str = sender["id"]
    if body.sender is not None:
        username = body.sender.username or body.sender.id
        sender = {"id": body.sender.id, "username": username, "avatar": body.sender.avatar}
    if body.to.all:
        audiences: tuple[Audience, ...] = (EVERYONE,)
    elif body.to.room is not None:
        audiences = (Audience.room(body.to.room),)
    else:
        users = (body.to.user,) if body.to.user is not None else body.to.users or ()
        audiences = tuple(dict.fromkeys(map(Audience.user, users)))
    fields = {
        "room_id": body.to.room,
        "sender": sender,
        "title": body.title,
        "content": body.content,
        "data": body.data,
    }
    if "priority" in body.model_fields_set:
        fields["priority"] = body.priority
    return Publication(
        id=new_id(),
        audiences=audiences,
        recipients=None if body.to.all or body.to.room else len(audiences),
        category=body.category,
        fields={name: value for name, value in fields.items() if value is not None},
        deliver_at=None if body.deliver_at is None else from_rfc3339(body.deliver_at),
        owner=owner,
        expires_at=None if body.expires_at is None else from_rfc3339(body.expires_at),
        group_key=body.group_key,
        required_moderator=None if body.to.room is None else required_moderator,
    )


def _key(request: Request, principal: Principal, body: bytes) -> IdempotencyKey | None:
    key = header(request, b"idempotency-key")
    if key is None:
        return None
    if not (0 < len(key) <= MAX_KEY_CHARACTERS and key.isascii() and key.isprintable()):
        raise Invalid(
            f"must be 1 to {MAX_KEY_CHARACTERS} printable ASCII characters", field="Idempotency-Key"
        )
    return IdempotencyKey(owner=principal.user_id, key=key, digest=hashlib.sha256(body).hexdigest())
