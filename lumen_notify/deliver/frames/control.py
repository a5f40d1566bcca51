"""Control frames: what a stream says that no event of the log stands behind.

`ready`, `reset`, `ping`, `expiring`, `closing`; and what is said in passing (`whisper`), which has no id
and is lost without harm.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from lumen_notify.deliver.frames.chunks import chunk
from lumen_notify.deliver.frames.counters import Counters
from lumen_notify.model import CloseReason, to_json

RETRY_MS = (1000, 4000)
"""A client comes back after a time between these two."""


def jittered_retry_ms() -> int:
    """Draw when a client is to come back, so that not all come at once."""
    return random.randint(*RETRY_MS)  # noqa: S311 - spreads load, guards nothing


def _control(name: str, fields: Mapping[str, Any], *, id_: str | None = None, retry_ms: int = 0) -> bytes:
    lines = [f"event: {name}", f"data: {to_json(fields)}"]
    if id_ is not None:
        lines.insert(0, f"id: {id_}")
    if retry_ms:
        lines.insert(0, f"retry: {retry_ms}")
    return chunk(("\n".join(lines) + "\n\n").encode())


def retry(retry_ms: int) -> bytes:
    """The first bytes of a stream: how long a client waits before it comes back."""
    return chunk(b"retry: %d\n\n" % retry_ms)


def ready(
    connection_id: str, counters: Counters, *, id_: str | None, is_recovered: bool, replayed: int
) -> bytes:
    """The stream is set. id_: the newest, None if events are about to be replayed."""
    fields = {
        "connection_id": connection_id,
        **counters.as_fields(),
        "recovered": is_recovered,
        "replayed": replayed,
    }
    return _control("ready", fields, id_=id_)


def reset(counters: Counters, *, id_: str) -> bytes:
    """The cursor cannot be served: fetch the list again. id_: the newest."""
    return _control("reset", counters.as_fields(), id_=id_)


def ping(id_: str) -> bytes:
    """Nothing happened. id_: the newest, so that an idle client's cursor stays fresh."""
    return _control("ping", {}, id_=id_)


def expiring(seconds: int) -> bytes:
    """The token ends soon: renew. seconds: how soon, at least 0."""
    return _control("expiring", {"seconds": seconds})


def closing(reason: CloseReason, retry_ms: int) -> bytes:
    """The stream ends now. retry_ms: when to come back, if at all."""
    return _control("closing", {"reason": reason.word, "reconnect": reason.reconnect}, retry_ms=retry_ms)


def whisper(name: str, fields: Mapping[str, Any]) -> bytes:
    """Something in passing, such as `typing`."""
    return _control(name, fields)
