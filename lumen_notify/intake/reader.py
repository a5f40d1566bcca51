"""Reader: the bytes of a message become a command, or the refusal of it. No I/O.

Times are checked as of the time when the message was written, as far as the broker knows it: a notification
that is to be delivered in a second is not refused because it has waited for two. What has expired meanwhile
is dropped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from lumen_notify.accept.notifications.bodies import PublicationBody, SenderBody
from lumen_notify.accept.notifications.inbox import selection_in
from lumen_notify.accept.notifications.publisher import publish_command
from lumen_notify.accept.rooms.messenger import direct_command, message_command
from lumen_notify.commit.intake.take_in import Arrival, MessageId
from lumen_notify.commit.marks.marks import Mark
from lumen_notify.commit.rooms.read_marks import MarkRoomRead
from lumen_notify.errors import LumenError, TooLarge
from lumen_notify.http.context import Limits
from lumen_notify.http.requests import invalid
from lumen_notify.intake.envelopes import (
    ENVELOPE,
    ENVELOPES,
    AnyEnvelope,
    DirectMessageEnvelope,
    MessageEnvelope,
    NotificationEnvelope,
    NotificationsEnvelope,
    RoomReadEnvelope,
)
from lumen_notify.intake.source import Incoming
from lumen_notify.model import from_rfc3339

MAX_WAIT_MS = 30 * 86_400_000
"""How old the time of a message may be: an older one counts as this old."""

MAX_ID_CHARACTERS = 200

TYPES = f"must be one of {', '.join(ENVELOPES)}"


class Expired(LumenError):
    """All that a message publishes has expired while it waited."""

    code = "expired"


def source_of_keys(message: Incoming) -> str:
    """Return where the application's key of a message is unique: in its topic."""
    return f"key:{message.position['topic']}"


def read(message: Incoming, limits: Limits, now: int) -> Arrival:
    """Return what a message asks for. now: milliseconds."""
    ids = () if message.id is None else (MessageId(source=message.source, id=_storable(message.id)),)
    try:
        envelope = _parse(message, limits, now)
        if envelope.idempotency_key is not None:
            digest = hashlib.sha256(message.body).hexdigest()
            ids = (
                *ids,
                MessageId(source=source_of_keys(message), id=envelope.idempotency_key, digest=digest),
            )
        return Arrival(ids=ids, command=_command(envelope, limits, now))
    except LumenError as refusal:
        return Arrival(ids=ids, command=refusal)


def _storable(id_: str) -> str:
    """Return the id, or the hash of one that a publisher has made up and a database may not take."""
    if id_.isprintable() and len(id_) <= MAX_ID_CHARACTERS:
        return id_
    return hashlib.sha256(id_.encode("utf-8", "surrogatepass")).hexdigest()


def _parse(message: Incoming, limits: Limits, now: int) -> AnyEnvelope:
    size = len(message.body)
    if 0 < limits.max_body_bytes < size:
        raise TooLarge(f"A message may have at most {limits.max_body_bytes} bytes; this one has {size}.")
    at = now if message.at is None else min(now, max(message.at, now - MAX_WAIT_MS))
    try:
        return ENVELOPE.validate_json(message.body, context=limits.validation(at))
    except ValidationError as error:
        raise invalid(_Faults(error)) from None


def _command(envelope: AnyEnvelope, limits: Limits, now: int) -> Any:
    match envelope:
        case NotificationEnvelope() | NotificationsEnvelope():
            given = [envelope.body] if isinstance(envelope, NotificationEnvelope) else envelope.body
            bodies = _unexpired(given, now)
            publisher = {"id": envelope.publisher, "username": envelope.publisher, "avatar": None}
            return publish_command(bodies, publisher, max_batch_rows=limits.max_batch_rows)
        case MessageEnvelope():
            return message_command(envelope.room, _shown(envelope.sender), envelope.body)
        case DirectMessageEnvelope():
            return direct_command(_shown(envelope.sender), envelope.body)
        case RoomReadEnvelope():
            return MarkRoomRead(room_id=envelope.room, user_id=envelope.user, up_to=envelope.body.up_to)
        case _:
            return Mark(user_id=envelope.user, action=envelope.type, selection=selection_in(envelope.body))


def _unexpired(bodies: Sequence[PublicationBody], now: int) -> Sequence[PublicationBody]:
    """Return the publications that have not expired. Raises Expired if all have."""
    live = [one for one in bodies if one.expires_at is None or from_rfc3339(one.expires_at) > now]
    if bodies and not live:
        raise Expired("It has expired before it was taken in.")
    return live


def _shown(sender: SenderBody) -> dict[str, Any]:
    return {"id": sender.id, "username": sender.username or sender.id, "avatar": sender.avatar}


class _Faults:
    """The errors of an envelope: fields without the type of the envelope, which pydantic puts before them."""

    def __init__(self, error: ValidationError) -> None:
        self._error = error

    def error_count(self) -> int:
        return self._error.error_count()

    def errors(self, *, include_url: bool, include_context: bool, include_input: bool) -> list[Any]:
        found = self._error.errors(
            include_url=include_url, include_context=include_context, include_input=include_input
        )
        return [self._without_type(dict(one)) for one in found]

    def _without_type(self, one: dict[str, Any]) -> dict[str, Any]:
        if one["type"] == "union_tag_not_found":
            return {**one, "loc": ("type",), "type": "missing"}
        if one["type"] == "union_tag_invalid":
            return {**one, "loc": ("type",), "type": "value_error", "msg": TYPES}
        return {**one, "loc": one["loc"][1:]}
