"""Calls: the requests of the clients, and how each response is read. No I/O.

Promise: each request that changes something can be sent twice without doing it twice. A publish carries an
`Idempotency-Key`, a room message a `client_id`, and a mark that is repeated changes nothing more.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from lumen_notify.client.results import Counts, Marked, Page, PresencePage, Published, SentMessage
from lumen_notify.errors import Invalid

Result = TypeVar("Result")

REPEATABLE_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
"""Idempotent methods (RFC 9110, section 9.2.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[Result]):
    """One request. path: below `/api/v1`. content: the body, None for none. read: makes the result from the
    response's JSON. is_repeatable: whether it may be sent again if it is unknown what became of it."""

    method: str
    path: str
    read: Callable[[Any], Result]
    content: bytes | None
    headers: Mapping[str, str]
    params: Mapping[str, str]
    is_repeatable: bool


def request(
    method: str,
    path: str,
    *,
    read: Callable[[Any], Result],
    body: Any = None,
    params: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    is_repeatable: bool | None = None,
) -> Call[Result]:
    """Make a call. body: anything that JSON can express, and datetimes; None for no body. params: those that
    are None are left out. is_repeatable: None asks the method. Raises Invalid if the body is not JSON."""
    return Call(
        method=method,
        path=path,
        read=read,
        content=None if body is None else _encode(body),
        headers={**({} if body is None else {"content-type": "application/json"}), **(headers or {})},
        params={name: _param(value) for name, value in (params or {}).items() if value is not None},
        is_repeatable=method in REPEATABLE_METHODS if is_repeatable is None else is_repeatable,
    )


def publish(
    user_id: str | None,
    *,
    category: str,
    content: str,
    to: Mapping[str, Any] | None,
    sender: Mapping[str, Any] | None,
    idempotency_key: str | None,
    fields: Mapping[str, Any],
) -> Call[Published]:
    """Publish one notification."""
    body = {"to": to or {"user": user_id}, "category": category, "content": content, **fields}
    if sender is not None:
        body["sender"] = dict(sender)
    return _publish(body, Published.of, idempotency_key)


def publish_many(
    notifications: Iterable[Mapping[str, Any]], *, idempotency_key: str | None
) -> Call[list[Published]]:
    """Publish several notifications, all or none."""
    return _publish(
        list(map(dict, notifications)),
        lambda document: list(map(Published.of, document["items"])),
        idempotency_key,
    )


def _publish(body: Any, read: Callable[[Any], Result], idempotency_key: str | None) -> Call[Result]:
    headers = {"idempotency-key": idempotency_key or str(uuid.uuid4())}
    return request("POST", "/notifications", read=read, body=body, headers=headers, is_repeatable=True)


def send(
    room_id: str, content: str, *, client_id: str | None, fields: Mapping[str, Any]
) -> Call[SentMessage]:
    """Send a message to a room."""
    return request(
        "POST",
        f"/rooms/{quote(room_id, safe='')}/messages",
        read=SentMessage.of,
        body={"content": content, "client_id": client_id or str(uuid.uuid4()), **fields},
        is_repeatable=True,
    )


def counts() -> Call[Counts]:
    """Get the caller's unread counts."""
    return request("GET", "/notifications/counts", read=Counts.of)


def notifications(
    *, cursor: str | None, limit: int, unread: bool | None, category: str | None, archived: bool | None
) -> Call[Page]:
    """Get one page of the caller's notifications."""
    params = {"cursor": cursor, "limit": limit, "unread": unread, "category": category, "archived": archived}
    return request("GET", "/notifications", read=Page.of, params=params)


def presence(room_id: str, *, cursor: str | None, limit: int) -> Call[PresencePage]:
    """Get one page of the members of a room, and whether they are online."""
    params = {"cursor": cursor, "limit": limit}
    path = f"/rooms/{quote(room_id, safe='')}/presence"
    return request("GET", path, read=PresencePage.of, params=params)


def mark_read(
    ids: Sequence[str] | None, *, category: str | None, up_to: int | None, everything: bool
) -> Call[Marked]:
    """Mark notifications of the caller as read. Raises Invalid without any choice."""
    chosen = {
        "ids": None if ids is None else list(ids),
        "category": category,
        "up_to": up_to,
        "all": everything or None,
    }
    body = {name: value for name, value in chosen.items() if value is not None}
    if not body:
        raise Invalid("Name what to mark: ids, category, up_to or everything=True.")
    return request("POST", "/notifications/read", read=Marked.of, body=body, is_repeatable=True)


def _encode(body: Any) -> bytes:
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False, default=_text).encode()
    except (TypeError, ValueError) as error:
        raise Invalid(f"The body cannot be sent as JSON: {error}.") from None


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"an object of type {type(value).__name__} is not JSON")


def _param(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
