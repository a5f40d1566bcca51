"""Report: progress bars during a measurement and a table of its results, in the terminal."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from lumen_notify.errors import LumenError
from lumen_notify.load_test.load import percentile
from lumen_notify.load_test.measurement import CannotMeasure, Measurement, measure
from lumen_notify.load_test.process import ServerFailed
from lumen_notify.load_test.publisher import PublishFailed
from lumen_notify.load_test.stream_client import StreamRefused

REDRAW_SECONDS = 0.25


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
    """Measure with progress bars and print a table. Return the exit status.

    url: of a running server; None starts one. secret: its token secret; or token: of a user with the scope
    `notify:publish`. streams: None for 1,000, or 10 with a token. seconds: of each of three stages.
    """
    console = console or Console()
    try:
        with contextlib.ExitStack() as stack:
            bars = stack.enter_context(_progress(console))
            measured = _run(
                measure(
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
        console.print("[red]The server did not respond in time.[/red]")
        return 1
    except (CannotMeasure, StreamRefused, PublishFailed, ServerFailed, LumenError, OSError) as error:
        console.print(str(error), style="red", markup=False)
        return 1
    console.print(_table(measured, publishers))
    return 0


def _table(measured: Measurement, publishers: int) -> Table:
    table = Table(title=f"{measured.streams:,} streams, {os.cpu_count()} cores")
    table.add_column("metric")
    table.add_column("here", justify="right")
    table.add_row("streams opened per second", f"{measured.opened_per_second:,.0f}")
    if measured.stream_bytes is not None and measured.stream_bytes > 0:
        table.add_row("memory per stream", f"{measured.stream_bytes / 1024:.1f} KiB")
        table.add_row("streams per GiB", f"{2**30 / measured.stream_bytes:,.0f}")
    table.add_row("deliveries per second, 1 publisher", f"{measured.single.deliveries_per_second:,.0f}")
    table.add_row(
        f"deliveries per second, {publishers} publishers", f"{measured.several.deliveries_per_second:,.0f}"
    )
    table.add_row(
        f"publishes per second, each to {measured.streams:,} streams, {publishers} publishers",
        f"{measured.several.publishes / measured.several.seconds:,.0f}",
    )
    latency = measured.latency
    for name, times_ns in (("response", latency.responses_ns), ("receipt", latency.receipts_ns)):
        median, p99 = (percentile(times_ns, share) / 1e6 for share in (0.5, 0.99))
        table.add_row(f"publish to {name}: median, 99th percentile", f"{median:.1f} ms, {p99:.1f} ms")
    if measured.server_busy is not None:
        busy = f"server {measured.server_busy:.0%}, load {measured.several.load_busy:.0%}"
        table.add_row(f"share of one core, {publishers} publishers", busy)
    return table


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, auto_refresh=False, transient=True)


@asynccontextmanager
async def _stage(bars: Progress, text: str, total: float) -> AsyncIterator[Callable[[int], None]]:
    """Show one stage's bar, advanced by the yielded function or, without calls, by the elapsed time."""
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
        await asyncio.sleep(REDRAW_SECONDS)
        elapsed_seconds += REDRAW_SECONDS
        bars.update(bar, completed=done() or int(elapsed_seconds), refresh=True)


def _run(main: Coroutine[Any, Any, Measurement]) -> Measurement:
    """Run on uvloop if it is installed."""
    try:
        import uvloop  # noqa: PLC0415 - not available on every system
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)
