"""Parent link: a worker's end of the channel to its parent.

Promise: the worker shuts down when its parent asks for it, and when the parent has ended.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import socket
from collections.abc import Mapping, MutableMapping, Sequence
from functools import partial
from typing import Any, Self

from lumen_notify.app import Lumen
from lumen_notify.cli.config import require_shared
from lumen_notify.cli.server import Server, serve_on
from lumen_notify.cli.workers import WORKER_VARIABLE
from lumen_notify.cli.workers.channel import Channel
from lumen_notify.errors import Unavailable
from lumen_notify.metrics import Metrics
from lumen_notify.settings import Settings

ANSWER_SECONDS = 3.0
"""How long to wait for the sum of all metrics: more than the parent waits for a worker."""


def serve_as_worker(settings: Settings, *, app: str | None) -> None:
    """Serve until the parent says that it is enough, or until SIGTERM; see `server.serve`."""
    link = ParentLink.of_process(os.environ, workers=settings.workers)
    serve_on(link.listener, settings, app=app, on_started=link.ready, signals=[signal.SIGTERM], link=link)


class ParentLink:
    """The link of this process. listener: the socket to accept connections at. workers: how many run."""

    def __init__(self, listener: socket.socket, connection: socket.socket, *, workers: int) -> None:
        self.listener = listener
        self._workers = workers
        self._connection = connection
        self._channel: Channel | None = None
        self._metrics: list[Metrics] = []
        self._url: str | None = None
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Sequence[Mapping[str, Any]]]] = {}

    @classmethod
    def of_process(cls, environ: MutableMapping[str, str], *, workers: int) -> Self:
        """Return the link of this process, which is a worker. Programs that it starts are none."""
        listener, connection = (
            socket.socket(fileno=int(number)) for number in environ.pop(WORKER_VARIABLE).split(",")[:2]
        )
        for one in (listener, connection):
            one.set_inheritable(False)
            one.setblocking(False)
        return cls(listener, connection, workers=workers)

    def ready(self, url: str) -> None:
        """Tell the parent that this worker accepts connections."""
        self._url = url
        if self._channel is not None:
            self._channel.send("ready", url=url)

    def opened(self, lumen: Lumen) -> None:
        """Answer for the metrics of a Lumen, and let it answer for all workers. Raises Misconfigured."""
        require_shared(lumen.settings, self._workers)
        lumen.metrics.of_all_workers = partial(self._total, len(self._metrics))
        self._metrics.append(lumen.metrics)

    async def run(self, server: Server) -> None:
        """Do what the parent says, until cancelled."""
        self._channel = channel = await Channel.open(self._connection)
        if self._url is not None:
            self.ready(self._url)
        try:
            while (message := await channel.receive()) is not None:
                self._handle(message, server)
            server.end()
            await asyncio.get_running_loop().create_future()  # until cancelled
        finally:
            self._send_metrics(None)
            await channel.close()

    def _handle(self, message: Mapping[str, Any], server: Server) -> None:
        match message["kind"]:
            case "collect":
                self._send_metrics(message["id"])
            case "total":
                waiting = self._waiting.get(message["id"])
                if waiting is not None and not waiting.done():
                    waiting.set_result(message["families"])
            case "drain":
                server.end(is_replaced=message["is_replaced"])
            case "end":
                server.end()
                server.force_exit = True

    def _send_metrics(self, number: int | None) -> None:
        if self._channel is not None:
            lumens = [metrics.families() for metrics in self._metrics]
            self._channel.send("metrics", id=number, lumens=lumens)

    async def _total(self, lumen: int) -> Sequence[Mapping[str, Any]]:
        assert self._channel is not None
        number = next(self._ids)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self._channel.send("total", id=number, lumen=lumen)
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._waiting[number]
        except TimeoutError:
            raise Unavailable(
                "The process that adds the metrics of all workers up does not answer.", code="not_ready"
            ) from None
        finally:
            del self._waiting[number]
