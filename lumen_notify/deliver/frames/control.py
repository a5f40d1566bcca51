"""Control: the frames that come from no event of the log.

`ready`, `reset`, `ping`, `expiring`, `closing`; and ephemeral frames such as `typing`, which have no id and
may be lost without harm.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from lumen_notify.deliver.frames.chunks import chunk
from lumen_notify.model import CloseReason, Counts, to_json

RETRY_MS = (1000, 4000)
"""A client reconnects after a random time between these two."""


def jittered_retry_ms() -> int:
    """Return a random time after which a client reconnects, so that not all reconnect at once."""
    return random.randint(*RETRY_MS)  # noqa: S311 - spreads load, guards nothing


def _control(name: str, fields: Mapping[str, Any], *, id_: str | None = None, retry_ms: int = 0) -> bytes:
    lines = [f"event: {name}", f"data: {to_json(fields)}"]
    if id_ is not None:
        lines.insert(0, f"id: {id_}")
    if retry_ms:
        lines.insert(0, f"retry: {retry_ms}")
    return chunk(("\n".join(lines) + "\n\n").encode())


def retry(retry_ms: int) -> bytes:
    """Return the first bytes of a stream: how long a client waits before it reconnects."""
    return chunk(b"retry: %d\n\n" % retry_ms)


def ready(connection_id: str, counts: Counts, *, id_: str | None, is_recovered: bool, replayed: int) -> bytes:
    """Return `ready`. id_: the newest cursor, None if events are about to be replayed."""
    fields = {
        "connection_id": connection_id,
        **counts.as_fields(),
        "recovered": is_recovered,
        "replayed": replayed,
    }
    return _control("ready", fields, id_=id_)


def reset(counts: Counts, *, id_: str) -> bytes:
    """Return `reset`: the cursor cannot be served, the client fetches its list again. id_: the newest."""
    return _control("reset", counts.as_fields(), id_=id_)


def ping(id_: str) -> bytes:
    """Return `ping`. id_: the newest cursor, so that the cursor of an idle client stays fresh."""
    return _control("ping", {}, id_=id_)


def expiring(seconds: int) -> bytes:
    """Return `expiring`: the token must be renewed. seconds: until it expires, at least 0."""
    return _control("expiring", {"seconds": seconds})


def closing(reason: CloseReason, retry_ms: int) -> bytes:
    """Return `closing`: the stream ends now. retry_ms: when to reconnect, 0 to leave it to the client."""
    return _control("closing", {"reason": reason.word, "reconnect": reason.reconnect}, retry_ms=retry_ms)


def ephemeral(name: str, fields: Mapping[str, Any]) -> bytes:
    """Return an ephemeral frame, such as `typing`."""
    return _control(name, fields)
