"""Parent link: what a worker does when its parent asks, and when it has ended."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from clients import eventually
from lumen_notify.app import Lumen
from lumen_notify.cli.server import Server
from lumen_notify.cli.workers import WORKER_VARIABLE, parent_link, worker_number
from lumen_notify.cli.workers.channel import Channel
from lumen_notify.cli.workers.parent_link import ParentLink
from lumen_notify.errors import Misconfigured, Unavailable
from lumen_notify.metrics import Metrics
from lumen_notify.settings import Settings

WAIT_SECONDS = 20.0


class Worker:
    """A link without a server. parent: the other end. ends: whether it was replaced, at each end."""

    def __init__(self, link: ParentLink, parent: Channel) -> None:
        self.link = link
        self.parent = parent
        self.ends: list[bool] = []
        self.force_exit = False
        self.task = asyncio.create_task(link.run(cast(Server, self)))

    def end(self, *, is_replaced: bool = False) -> None:
        self.ends.append(is_replaced)

    async def received(self) -> dict[str, Any]:
        message = await asyncio.wait_for(self.parent.receive(), WAIT_SECONDS)
        assert message is not None
        return dict(message)


def opened(link: ParentLink, url: str = "postgresql://x@y/z") -> Metrics:
    """Open a Lumen; return its metrics."""
    metrics = Metrics()
    metrics.counter("lumen_served", "Served.", lambda: 7)
    lumen = SimpleNamespace(settings=Settings(database_url=url), metrics=metrics)
    link.opened(cast(Lumen, lumen))
    return metrics


@asynccontextmanager
async def working(url: str = "") -> AsyncIterator[Worker]:
    """Run a link. url: where it serves before the channel is open; "" opens the channel first."""
    ours, theirs = socket.socketpair()
    for one in (ours, theirs):
        one.setblocking(False)
    with socket.socket() as listener:
        worker = Worker(ParentLink(listener, theirs, workers=2), await Channel.open(ours))
        if url:
            worker.link.ready(url)
        else:
            await eventually(lambda: worker.link._channel is not None, what="the channel")
        yield worker
        worker.task.cancel()
        await asyncio.gather(worker.task, return_exceptions=True)
        await worker.parent.close()


async def test_worker_that_is_ready_before_the_channel_is_open_says_so_then() -> None:
    async with working("http://here") as worker:
        assert await worker.received() == {"kind": "ready", "url": "http://here"}


async def test_worker_sends_its_metrics_when_asked_and_at_its_end() -> None:
    async with working() as worker:
        opened(worker.link)
        worker.parent.send("collect", id=5)
        asked = await worker.received()
        assert (asked["kind"], asked["id"]) == ("metrics", 5)
        ((family, *_),) = asked["lumens"]
        assert family["samples"] == [["lumen_served_total", {}, 7]]
        worker.task.cancel()
        assert (await worker.received())["id"] is None
        assert await worker.parent.receive() is None


async def test_metrics_of_a_worker_are_those_of_all() -> None:
    async with working() as worker:
        metrics = [opened(worker.link) for _ in range(2)][1]
        asking = asyncio.create_task(metrics.exposition())
        asked = await worker.received()
        assert (asked["kind"], asked["lumen"]) == ("total", 1)
        (family,) = [one for one in metrics.families() if one["name"] == "lumen_served"]
        sums = [{**family, "samples": [["lumen_served_total", {}, 21]]}]
        worker.parent.send("total", id=asked["id"] + 1, families=[])  # of a question that was given up
        worker.parent.send("total", id=asked["id"], families=sums)
        text = (await asyncio.wait_for(asking, WAIT_SECONDS)).decode()
        assert text.splitlines() == [
            "# HELP lumen_served_total Served.",
            "# TYPE lumen_served_total counter",
            "lumen_served_total 21.0",
        ]


async def test_parent_that_does_not_answer_makes_metrics_unavailable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parent_link, "ANSWER_SECONDS", 0.01)
    async with working() as worker:
        metrics = opened(worker.link)
        with pytest.raises(Unavailable):
            await metrics.exposition()


async def test_worker_ends_when_its_parent_says_so_and_when_it_has_ended() -> None:
    async with working() as worker:
        worker.parent.send("drain", is_replaced=True)
        await eventually(lambda: worker.ends == [True], what="the drain")
        worker.parent.send("end")
        await eventually(lambda: worker.force_exit, what="the end")
        await worker.parent.close()
        await eventually(lambda: worker.ends == [True, False, False], what="the end of the parent")


def test_sqlite_is_refused() -> None:
    with socket.socket() as listener, socket.socket() as connection:
        link = ParentLink(listener, connection, workers=2)
        with pytest.raises(Misconfigured, match="SQLite serves one process"):
            opened(link, "sqlite:///x.db")


def test_programs_that_a_worker_starts_are_no_workers() -> None:
    with socket.socket() as listener:
        ours, theirs = socket.socketpair()
        numbers = [os.dup(one.fileno()) for one in (listener, theirs)]
        for number in numbers:
            os.set_inheritable(number, True)
        environ = {WORKER_VARIABLE: ",".join(map(str, (*numbers, 3))), "OTHER": "kept"}
        assert (worker_number(environ), worker_number({})) == (3, None)
        link = ParentLink.of_process(environ, workers=2)
        assert environ == {"OTHER": "kept"}
        assert link.listener.fileno() == numbers[0]
        assert not any(os.get_inheritable(number) for number in numbers)
        for one in (ours, theirs, link.listener, link._connection):
            one.close()
