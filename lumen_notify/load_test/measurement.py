"""Measurement: the stages of a measurement of one server, and its results.

It measures a server that it starts, with broadcasts to everyone; or a running server, with publishes only to
the users of the load (`bench-0`, `bench-1`, ...) or to the given token's user, because notifications stay in
the users' lists.

Not here: the output (`report`).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

from lumen_notify.load_test.load import Latency, Load, Throughput, raise_file_limit
from lumen_notify.load_test.local_server import run_local_server
from lumen_notify.load_test.process import ServerProcess
from lumen_notify.load_test.protocol import LumenProtocol
from lumen_notify.model import value

STREAMS = 1_000
STREAMS_OF_ONE_USER = 10
"""Half of a server's default limit per user."""

MAX_USERS = 1_000
"""The default limit of users in one publish."""

WARM_UP_STREAMS = 50
LATENCY_PUBLISHES_PER_SECOND = 4
SETTLE_SECONDS = 1.0


class CannotMeasure(Exception):
    """The requested measurement is impossible. The message says why."""


@value
class Measurement:
    """The results. stream_bytes, server_busy: None for a server that was not started here."""

    streams: int
    opened_per_second: float
    stream_bytes: float | None
    server_busy: float | None
    single: Throughput
    several: Throughput
    latency: Latency


OnStage = Callable[[str, float], contextlib.AbstractAsyncContextManager[Callable[[int], None]]]
"""Called with a stage's name and total; yields a function to call with each amount done."""


async def measure(
    url: str | None,
    *,
    secret: str | None,
    token: str | None,
    streams: int | None,
    seconds: float,
    publishers: int,
    on_stage: OnStage,
) -> Measurement:
    """Measure a running server, or start one. For the parameters see `report.run`.

    Raises CannotMeasure, StreamRefused, PublishFailed, ServerFailed, TimeoutError, OSError.
    """
    count = streams or (STREAMS_OF_ONE_USER if token else STREAMS)
    if raise_file_limit(count) < count:
        raise CannotMeasure(f"{count} streams need as many open files, more than `ulimit -n` allows.")
    stages = partial(_measure, count=count, seconds=seconds, publishers=publishers, on_stage=on_stage)
    if url is not None:
        return await stages(_protocol(url, secret, token, count), None)
    async with run_local_server(None) as server:
        return await stages(server.protocol(), server.process)


def _protocol(url: str, secret: str | None, token: str | None, count: int) -> LumenProtocol:
    """Return the requests for a running server, with its base path and the recipients."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise CannotMeasure(f"{url} is not an http:// URL. Use the URL of the server itself, not of a proxy.")
    base_path = parts.path.rstrip("/").removesuffix("/api/v1")
    if token:
        return LumenProtocol(
            parts.hostname,
            parts.port or 80,
            to={"user": _subject(token)},
            base_path=base_path,
            publish_token=token,
            stream_token=token,
        )
    if not secret:
        raise CannotMeasure(
            "A running server needs its token secret, or a token with the scope notify:publish."
        )
    users = -(-count // STREAMS_OF_ONE_USER)
    if users > MAX_USERS:
        raise CannotMeasure(
            f"A running server can be measured with at most {MAX_USERS * STREAMS_OF_ONE_USER:,} streams."
        )
    return LumenProtocol(
        parts.hostname,
        parts.port or 80,
        secret=secret,
        to={"users": [f"bench-{number}" for number in range(users)]},
        streams_per_user=STREAMS_OF_ONE_USER,
        base_path=base_path,
    )


def _subject(token: str) -> str:
    """Return the token's user id, without verifying the token."""
    try:
        payload = token.split(".")[1]
        return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sub"])
    except (IndexError, KeyError, TypeError, ValueError):
        raise CannotMeasure("The token is not a JWT with a `sub` claim.") from None


async def _measure(
    protocol: LumenProtocol,
    process: ServerProcess | None,
    *,
    count: int,
    seconds: float,
    publishers: int,
    on_stage: OnStage,
) -> Measurement:
    load = Load(protocol)
    try:
        await _warm_up(protocol, count)
        bytes_before = process.memory_bytes() if process else None
        async with on_stage(f"opening {count:,} streams", count) as advance:
            opening_seconds = await load.open(count, on_progress=advance)
        await asyncio.sleep(SETTLE_SECONDS)
        bytes_after = process.memory_bytes() if process else None
        async with on_stage("throughput with 1 publisher", seconds):
            single = await load.measure_throughput(publishers=1, seconds=seconds)
        busy_before = process.cpu_seconds() if process else None
        async with on_stage(f"throughput with {publishers} publishers", seconds):
            several = await load.measure_throughput(publishers=publishers, seconds=seconds)
        busy_after = process.cpu_seconds() if process else None
        publishes = max(1, round(seconds * LATENCY_PUBLISHES_PER_SECOND))
        async with on_stage(f"latency at {LATENCY_PUBLISHES_PER_SECOND} publishes per second", seconds):
            latency = await load.measure_latency(
                publishes=publishes, every_seconds=1 / LATENCY_PUBLISHES_PER_SECOND
            )
    finally:
        load.close()
    return Measurement(
        streams=count,
        opened_per_second=count / opening_seconds,
        stream_bytes=(
            None if bytes_before is None or bytes_after is None else (bytes_after - bytes_before) / count
        ),
        server_busy=(
            None
            if busy_before is None or busy_after is None
            else (busy_after - busy_before) / several.seconds
        ),
        single=single,
        several=several,
        latency=latency,
    )


async def _warm_up(protocol: LumenProtocol, count: int) -> None:
    """Open and close a few streams, so that memory that the server allocates once is not counted per
    stream."""
    load = Load(protocol)
    try:
        await load.open(min(WARM_UP_STREAMS, count))
        await load.measure_throughput(publishers=1, seconds=1, publishes=3)
    finally:
        load.close()
    await asyncio.sleep(SETTLE_SECONDS)
