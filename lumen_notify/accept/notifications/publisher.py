"""Publisher: turns validated bodies into one command, and commits it. It does not depend on HTTP.

Promise: the publications of one call are all committed, or none of them.

Not here: who may publish to whom (`publish`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from lumen_notify.accept.notifications.bodies import PublicationBody
from lumen_notify.commit.notifications.idempotency import IdempotentResponses
from lumen_notify.commit.notifications.publication import IdempotencyKey, Publication, Published
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.errors import Invalid
from lumen_notify.http.context import Context
from lumen_notify.http.requests import invalid
from lumen_notify.model import EVERYONE, Audience, UserAudiences, from_rfc3339, new_id, value


@value
class Publisher:
    """Publishes notifications, for the endpoint and for the library."""

    context: Context
    repeats: IdempotentResponses

    async def publish(
        self,
        bodies: Sequence[PublicationBody],
        sender: dict[str, Any],
        key: IdempotencyKey | None = None,
        *,
        required_moderator: str | None = None,
        admin: str | None = None,
    ) -> Sequence[Published]:
        """Commit publications.

        sender: for publications without a sender of their own. required_moderator: a user who must be owner
        or moderator of every room among the recipients, and may not make up many categories; None for no such
        checks. admin: the user whose token has the scope `notify:admin`, for the audit log.

        Raises Invalid, NotFound, Forbidden, Conflict, RateLimited, Unavailable.
        """
        command = publish_command(
            bodies,
            sender,
            max_batch_rows=self.context.limits.max_batch_rows,
            key=key,
            required_moderator=required_moderator,
            admin=admin,
        )
        result: Sequence[Published] = await self.context.committer.submit(command)
        return result

    def require_batch_size(self, rows: int) -> None:
        """Raise Invalid if a request has no notification, or too many recipients."""
        _require_batch_size(rows, self.context.limits.max_batch_rows)

    async def repeat(self, key: IdempotencyKey | None) -> Sequence[Published] | None:
        """Return the result of an earlier call with this key; None if there was none. Raises Conflict."""
        return None if key is None else await self.repeats.find(key)

    def body(self, fields: dict[str, Any]) -> PublicationBody:
        """Validate a publication of the library, given as keyword arguments. Raises Invalid."""
        try:
            return PublicationBody.model_validate(fields, context=self.context.validation())
        except ValidationError as error:
            raise invalid(error) from None


def publish_command(
    bodies: Sequence[PublicationBody],
    sender: dict[str, Any],
    *,
    max_batch_rows: int,
    key: IdempotencyKey | None = None,
    required_moderator: str | None = None,
    admin: str | None = None,
) -> Publish:
    """Make the command that publishes validated bodies; see `Publisher.publish`. Raises Invalid."""
    if len(bodies) != 1 or bodies[0].to.users is not None:  # one recipient is always allowed
        _require_batch_size(sum(len(set(body.to.users or ("",))) for body in bodies), max_batch_rows)
    publications = tuple([_publication(body, sender, required_moderator) for body in bodies])
    return Publish(publications=publications, key=key, admin=admin)


def _require_batch_size(rows: int, limit: int) -> None:
    if rows < 1:
        raise Invalid("must have at least one notification", field="body")
    if 0 < limit < rows:
        raise Invalid(
            f"may have at most {limit} recipients in one request; this has {rows}", field="to.users"
        )


def _publication(
    body: PublicationBody, sender: dict[str, Any], required_moderator: str | None
) -> Publication:
    owner: str = sender["id"]
    if body.sender is not None:
        username = body.sender.username or body.sender.id
        sender = {"id": body.sender.id, "username": username, "avatar": body.sender.avatar}
    if body.to.all:
        audiences: Sequence[Audience] = (EVERYONE,)
    elif body.to.room is not None:
        audiences = (Audience.room(body.to.room),)
    elif body.to.user is not None:
        audiences = (Audience.user(body.to.user),)
    else:
        audiences = UserAudiences(tuple(dict.fromkeys(body.to.users or ())))
    fields = {
        "room_id": body.to.room,
        "sender": sender,
        "title": body.title,
        "content": body.content,
        "data": body.data,
        "url": body.url,
        "actions": None if body.actions is None else [one.as_fields() for one in body.actions],
        "icon": body.icon,
        "priority": body.priority,
    }
    return Publication(
        id=new_id(),
        audiences=audiences,
        recipients=None if body.to.all or body.to.room else len(audiences),
        category=body.category,
        fields={name: value for name, value in fields.items() if value is not None},
        deliver_at=None if body.deliver_at is None else from_rfc3339(body.deliver_at),
        owner=owner,
        delivery=None if body.push is None and body.devices is None else _delivery(body),
        expires_at=None if body.expires_at is None else from_rfc3339(body.expires_at),
        group_key=body.group_key,
        required_moderator=None if body.to.room is None else required_moderator,
        may_make_up_categories=required_moderator is None,
    )


def _delivery(body: PublicationBody) -> dict[str, Any]:
    given = {"push": body.push, "devices": body.devices}
    return {name: value for name, value in given.items() if value is not None}
