"""Control: the frames that come from no event of the log.

`ready`, `caught_up`, `reset`, `ping`, `expiring`, `closing`; and ephemeral frames such as `typing`, which
have no id and may be lost without harm.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from lumen_notify.deliver.frames.chunks import chunk
from lumen_notify.model import CloseReason, Counts, ResetReason, escape_line_separators, to_json

RETRY_MS = (1000, 4000)
"""A client reconnects after a random time between these two."""

RESTART_RETRY_MS = (5000, 10_000)
"""The same at a shutdown: longer than a restart takes, because a proxy in front answers 502 meanwhile, after
which an `EventSource` gives up."""

STAY_AWAY_MS = (20 * 3_600_000, 28 * 3_600_000)
"""The same after a `closing` with `reconnect: false`, about a day: a plain `EventSource` comes back whatever
`closing` says."""


def jittered(bounds_ms: tuple[int, int]) -> int:
    """Return a random time after which a client reconnects, so that not all reconnect at once."""
    return random.randint(*bounds_ms)  # noqa: S311 - spreads load, guards nothing


def retry_ms_after(reason: CloseReason) -> int:
    """Return when a client reconnects after a stream that ended for this reason."""
    return jittered(RETRY_MS if reason.reconnect else STAY_AWAY_MS)


def _control(
    name: str, fields: Mapping[str, Any], *, id_: str | None = None, retry_ms: int | None = None
) -> bytes:
    lines = [f"event: {name}", f"data: {escape_line_separators(to_json(fields))}"]
    if id_ is not None:
        lines.insert(0, f"id: {id_}")
    if retry_ms is not None:
        # Never in a block of its own: six client libraries take that for an empty message.
        lines.insert(0, f"retry: {retry_ms}")
    return chunk(("\n".join(lines) + "\n\n").encode())


def ready(
    connection_id: str,
    counts: Counts,
    *,
    id_: str | None,
    is_recovered: bool,
    replayed: int | None,
    ping_seconds: int,
    retry_ms: int,
) -> bytes:
    """Return `ready`, the first frame of a stream. id_: the newest cursor, None if events are about to be
    replayed. replayed: their number; None if it is not known yet, and `caught_up` says it. ping_seconds:
    after how much silence `ping` comes, so that a client notices a half-open connection. retry_ms: how long
    a client waits before it reconnects."""
    fields = {
        "connection_id": connection_id,
        **counts.as_fields(),
        "recovered": is_recovered,
        "replayed": replayed,
        "ping_seconds": ping_seconds,
    }
    return _control("ready", fields, id_=id_, retry_ms=retry_ms)


def caught_up(counts: Counts, *, replayed: int, id_: str) -> bytes:
    """Return `caught_up`: a long replay has ended. replayed: how many events were sent. id_: the newest."""
    return _control("caught_up", {**counts.as_fields(), "replayed": replayed}, id_=id_)


def reset(reason: ResetReason, counts: Counts, *, id_: str) -> bytes:
    """Return `reset`: the cursor cannot be served, the client fetches its list again. id_: the newest."""
    return _control("reset", {"reason": reason, **counts.as_fields()}, id_=id_)


def ping(id_: str | None) -> bytes:
    """Return `ping`. id_: the newest cursor, so that the cursor of an idle client stays fresh; None during a
    replay."""
    return _control("ping", {}, id_=id_)


def expiring(seconds: int) -> bytes:
    """Return `expiring`: the token must be renewed. seconds: until it expires, at least 0."""
    return _control("expiring", {"seconds": seconds})


def closing(reason: CloseReason, retry_ms: int) -> bytes:
    """Return `closing`: the stream ends now. retry_ms: how long a client waits before it reconnects."""
    return _control("closing", {"reason": reason.word, "reconnect": reason.reconnect}, retry_ms=retry_ms)


def ephemeral(name: str, fields: Mapping[str, Any]) -> bytes:
    """Return an ephemeral frame, such as `typing`."""
    return _control(name, fields)
