"""Survey: how many streams, how many deliveries a second and what latency a server gives.

Behind `lumen-notify bench`. Against a server of its own the notifications go to everybody. Against a
running one they go to users named `bench-0`, `bench-1` ... alone, or to the one user whose token was given,
since what is published stays in people's lists.

Not here: the comparison with other servers (the project's `bench` folder).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from lumen_notify.bench.load import FanOut, Latency, Load, percentile, raise_file_limit
from lumen_notify.bench.own import own_server
from lumen_notify.bench.process import Server, ServerFailed
from lumen_notify.bench.publisher import PublishFailed
from lumen_notify.bench.stream import StreamRefused
from lumen_notify.bench.wire import LumenWire
from lumen_notify.errors import LumenError
from lumen_notify.model import value

STREAMS = 1_000
STREAMS_OF_ONE_USER = 10
"""Half of what a server allows a user by default."""

MAX_USERS = 1_000
"""As many as one publish may name by default."""

WARM_UP_STREAMS = 50
BEATS_PER_SECOND = 4
SETTLE_SECONDS = 1.0
TICK_SECONDS = 0.25


class Unsuitable(Exception):
    """What was asked for cannot be measured. The text says why."""


@value
class Findings:
    """What a survey found. `stream_bytes`, `server_busy`: None for a server that is not ours to look into."""

    streams: int
    opened_per_second: float
    stream_bytes: float | None
    server_busy: float | None
    single: FanOut
    several: FanOut
    latency: Latency


OnStage = Callable[[str, float], contextlib.AbstractAsyncContextManager[Callable[[int], None]]]
"""Called with what is about to happen and how much of it there is; gives what to call with each bit done."""


def run(
    url: str | None = None,
    *,
    secret: str | None = None,
    token: str | None = None,
    streams: int | None = None,
    seconds: float = 5.0,
    publishers: int = 8,
    console: Console | None = None,
) -> int:
    """Measure, with a progress bar, and print a table. Return the exit code.

    url: of a running server, None to start one. secret: its token secret, or token: of a user with the scope
    `notify:publish`. streams: None for a thousand, or ten with a token. seconds: of each of three stages.
    """
    console = console or Console()
    try:
        with contextlib.ExitStack() as stack:
            bars = stack.enter_context(_progress(console))
            findings = _run(
                survey(
                    url,
                    secret=secret,
                    token=token,
                    streams=streams,
                    seconds=seconds,
                    publishers=publishers,
                    on_stage=lambda text, total: _stage(bars, text, total),
                )
            )
    except TimeoutError:
        console.print("[red]The server did not answer in time.[/red]")
        return 1
    except (Unsuitable, StreamRefused, PublishFailed, ServerFailed, LumenError, OSError) as error:
        console.print(str(error), style="red", markup=False)
        return 1
    console.print(_table(findings, publishers))
    return 0


async def survey(
    url: str | None,
    *,
    secret: str | None,
    token: str | None,
    streams: int | None,
    seconds: float,
    publishers: int,
    on_stage: OnStage,
) -> Findings:
    """Measure a running server, or one that is started for it. See `run`."""
    count = streams or (STREAMS_OF_ONE_USER if token else STREAMS)
    if raise_file_limit(count) < count:
        raise Unsuitable(f"{count} streams need as many open files; this account may open fewer: ulimit -n")
    measure = partial(_measure, count=count, seconds=seconds, publishers=publishers, on_stage=on_stage)
    if url is not None:
        return await measure(_running(url, secret, token, count), None)
    async with own_server(None) as own:
        return await measure(own.wire(), own.server)


def _running(url: str, secret: str | None, token: str | None, count: int) -> LumenWire:
    """Return how a running server is spoken to, and who is to receive."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise Unsuitable(f"{url}: an http:// address is needed, of the server itself rather than of a proxy")
    base_path = parts.path.rstrip("/").removesuffix("/api/v1")
    if token:
        user = _subject(token)
        return LumenWire(
            parts.hostname,
            parts.port or 80,
            to={"user": user},
            base_path=base_path,
            publish_token=token,
            stream_token=token,
        )
    if not secret:
        raise Unsuitable("a running server needs its token secret, or a token with the scope notify:publish")
    users = -(-count // STREAMS_OF_ONE_USER)
    if users > MAX_USERS:
        raise Unsuitable(f"at most {MAX_USERS * STREAMS_OF_ONE_USER:,} streams on a running server")
    return LumenWire(
        parts.hostname,
        parts.port or 80,
        secret=secret,
        to={"users": [f"bench-{number}" for number in range(users)]},
        streams_per_user=STREAMS_OF_ONE_USER,
        base_path=base_path,
    )


def _subject(token: str) -> str:
    """Read whose token it is. Whether it holds is for the server to say."""
    try:
        payload = token.split(".")[1]
        return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sub"])
    except (IndexError, KeyError, TypeError, ValueError):
        raise Unsuitable("the token is no JWT with a sub claim") from None


async def _measure(
    wire: LumenWire,
    server: Server | None,
    *,
    count: int,
    seconds: float,
    publishers: int,
    on_stage: OnStage,
) -> Findings:
    load = Load(wire)
    try:
        await _warm_up(wire, count)
        before = server.memory_bytes() if server else None
        async with on_stage(f"opening {count:,} streams", count) as advance:
            opening_seconds = await load.open(count, on_progress=advance)
        await asyncio.sleep(SETTLE_SECONDS)
        after = server.memory_bytes() if server else None
        async with on_stage("one publish after the other", seconds):
            single = await load.fan_out(publishers=1, seconds=seconds)
        busy = server.cpu_seconds() if server else None
        async with on_stage(f"{publishers} publishers at once", seconds):
            several = await load.fan_out(publishers=publishers, seconds=seconds)
        busy_after = server.cpu_seconds() if server else None
        beats = max(1, round(seconds * BEATS_PER_SECOND))
        async with on_stage(f"{BEATS_PER_SECOND} publishes a second", seconds):
            latency = await load.beat(publishes=beats, every_seconds=1 / BEATS_PER_SECOND)
    finally:
        load.close()
    return Findings(
        streams=count,
        opened_per_second=count / opening_seconds,
        stream_bytes=None if before is None or after is None else (after - before) / count,
        server_busy=None if busy is None or busy_after is None else (busy_after - busy) / several.seconds,
        single=single,
        several=several,
        latency=latency,
    )


async def _warm_up(wire: LumenWire, count: int) -> None:
    """Let a few streams come and go, so that what a server loads once is not counted per stream."""
    load = Load(wire)
    try:
        await load.open(min(WARM_UP_STREAMS, count))
        await load.fan_out(publishers=1, seconds=1, publishes=3)
    finally:
        load.close()
    await asyncio.sleep(SETTLE_SECONDS)


def _table(found: Findings, publishers: int) -> Table:
    """Lay the findings out for reading."""
    table = Table(title=f"{found.streams:,} streams, {os.cpu_count()} cores")
    table.add_column("figure")
    table.add_column("here", justify="right")
    table.add_row("streams opened a second", f"{found.opened_per_second:,.0f}")
    if found.stream_bytes is not None and found.stream_bytes > 0:
        table.add_row("memory per stream", f"{found.stream_bytes / 1024:.1f} KiB")
        table.add_row("streams in a GiB", f"{2**30 / found.stream_bytes:,.0f}")
    table.add_row(
        "deliveries a second, one publish after the other", f"{found.single.deliveries_per_second:,.0f}"
    )
    table.add_row(
        f"deliveries a second, {publishers} publishers at once", f"{found.several.deliveries_per_second:,.0f}"
    )
    table.add_row(
        f"publishes a second, {publishers} publishers at once",
        f"{found.several.publishes / found.several.seconds:,.0f}",
    )
    for name, times_ns in (("answered", found.latency.posts_ns), ("received", found.latency.receipts_ns)):
        middle, worst = (percentile(times_ns, share) / 1e6 for share in (0.5, 0.99))
        table.add_row(f"publish to {name}: half within, 99 % within", f"{middle:.1f} ms, {worst:.1f} ms")
    if found.server_busy is not None:
        busy = f"server {found.server_busy:.0%}, load {found.several.load_busy:.0%}"
        table.add_row("of one core, with all publishers", busy)
    return table


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, auto_refresh=False, transient=True)


@asynccontextmanager
async def _stage(bars: Progress, text: str, total: float) -> AsyncIterator[Callable[[int], None]]:
    """Show one stage: by what is reported done, or by the clock. It is drawn four times a second."""
    bar = bars.add_task(text, total=round(total))
    done = 0

    def advance(amount: int) -> None:
        nonlocal done
        done += amount

    drawing = asyncio.create_task(_draw(bars, bar, lambda: done))
    try:
        yield advance
    finally:
        drawing.cancel()
        bars.update(bar, completed=round(total), refresh=True)


async def _draw(bars: Progress, bar: TaskID, done: Callable[[], int]) -> None:
    elapsed_seconds = 0.0
    while True:
        await asyncio.sleep(TICK_SECONDS)
        elapsed_seconds += TICK_SECONDS
        bars.update(bar, completed=done() or int(elapsed_seconds), refresh=True)


def _run(main: Coroutine[Any, Any, Findings]) -> Findings:
    """Run on uvloop where there is one."""
    try:
        import uvloop  # noqa: PLC0415 - not on every system
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)
