"""Push: what one device gets, the device, and what became of it. No I/O.

Not here: the shape of a provider's requests (`providers/`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

from lumen_notify.model import to_json, value
from lumen_notify.model.encoding import json_bytes

Priority = Literal["low", "normal", "high", "urgent"]

Outcome = Literal["sent", "retry", "gone", "refused"]

OUTCOMES: frozenset[str] = frozenset(get_args(Outcome))

_CUT = "…"

MAX_TITLE_BYTES = 300
"""Of a title where not everything fits."""

_OPTIONAL = ("data", "actors", "actions", "icon", "sender", "url", "group_key")
"""What a payload that is too long loses first, in this order. A device can fetch it by the id."""


@value
class Target:
    """A device. token: by which the provider knows it; the endpoint of a Web Push subscription. p256dh, auth:
    its keys for end-to-end encryption, base64url; None if it has none. locale: BCP 47. registered_at: the
    last time, in milliseconds; None if it is not known."""

    id: str
    user_id: str
    provider: str
    token: str
    kind: str | None = None
    locale: str | None = None
    p256dh: str | None = None
    auth: str | None = None
    registered_at: int | None = None


@value
class Push:
    """What one device gets.

    payload: all that it gets, for JSON: `type` (`notification`, `message`, `digest`, or `read`: take off what
    `tags` name), `tag`, `unread_count`, and for what is shown `title`, `content`, `id`, `category`, `url` and
    more, as LUMEN_PUSH_CONTENT allows. title, content: what the system shows if no program of the application
    does. collapse_key: a later push with it replaces this one; any length. badge: all that the user has
    unread. is_silent: nothing is shown. ttl_seconds: how long a provider keeps it for a device that is
    switched off. id: names the push to this user, the same when it is tried again; printable, without dots.
    """

    payload: Mapping[str, Any]
    collapse_key: str
    badge: int
    ttl_seconds: int
    title: str = ""
    content: str = ""
    priority: Priority = "normal"
    is_silent: bool = False
    id: str = ""

    def encode(self, max_bytes: int) -> bytes:
        """Return the payload as JSON of at most so many bytes of UTF-8, by leaving out and cutting what is
        long. max_bytes: at least 1,000."""
        payload = dict(self.payload)
        encoded = to_json(payload).encode()
        for name in _OPTIONAL:
            if len(encoded) > max_bytes:
                payload.pop(name, None)
                encoded = to_json(payload).encode()
        if len(encoded) > max_bytes:
            encoded = to_json(_cut(payload, len(encoded) - max_bytes)).encode()
        while len(encoded) > max_bytes and payload.get("tags"):
            payload["tags"] = payload["tags"][1:]  # the oldest
            encoded = to_json(payload).encode()
        return encoded


@value
class Delivery:
    """A push on its way to one device.

    push_id: of the row of the outbox. attempts: how many failed before. expires_at: when it is given up, None
    for never; created_at: when it was published; both in milliseconds.
    """

    push: Push
    target: Target
    push_id: str
    created_at: int
    notification_id: str = ""
    attempts: int = 0
    expires_at: int | None = None


@value
class Result:
    """What became of a push to one device.

    outcome: `sent`: the provider has taken it; `retry`: it may take it later; `gone`: the device does not
    exist any more; `refused`: it will never take this push. reason: of a failure, a few words without any
    content or token. retry_seconds: how long the provider asks to wait, None if it does not say.
    is_for_device: of a `retry`: it concerns this device alone, and other pushes need not wait; of `refused`:
    the device is at fault, and is dropped after several in a row. is_untried: a `retry` of what was not
    handed over, because others are before it or its service fails.
    """

    outcome: Outcome
    reason: str = ""
    retry_seconds: float | None = None
    is_for_device: bool = False
    is_untried: bool = False


SENT = Result(outcome="sent")


def cut(text: str, max_bytes: int) -> str:
    """Return a text of at most so many bytes of UTF-8, with `…` if it was cut."""
    encoded = text.encode()
    if len(encoded) <= max_bytes:
        return text
    return encoded[: max(0, max_bytes - len(_CUT.encode()))].decode(errors="ignore") + _CUT


def cut_json(text: str, max_bytes: int) -> str:
    """Return a text that takes at most so many bytes as JSON, with `…` if it was cut."""
    if json_bytes(text) <= max_bytes:
        return text
    low, high = 0, len(text)
    while low < high:  # an escape takes up to six bytes: only a search knows
        middle = (low + high + 1) // 2
        fits = json_bytes(text[:middle] + _CUT) <= max_bytes
        low, high = (middle, high) if fits else (low, middle - 1)
    return text[:low] + _CUT


def _cut(payload: Mapping[str, Any], surplus: int) -> Mapping[str, Any]:
    """Cut the texts of a payload until it is shorter by so many bytes of JSON: a title that is long, then the
    content, then what is left of the title."""
    result = dict(payload)
    for name, least in (("title", MAX_TITLE_BYTES), ("content", 0), ("title", 0)):
        if surplus > 0 and result.get(name):
            before = json_bytes(result[name])
            result[name] = cut_json(result[name], max(least, before - surplus))
            surplus -= before - json_bytes(result[name])
    return result
