"""Stream site: a Lumen behind each of the two paths of a stream, and streams that keep their text."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Self

import httpx
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from clients import NOTIFICATIONS, SECRET, WAIT_SECONDS, Api, EventStream, eventually, token
from listening import Listening, listen
from lumen_notify import Lumen, Settings
from lumen_notify.deliver.connection.handover import HandoverProtocol
from lumen_notify.deliver.connection.transport import TransportConnection
from lumen_notify.model import now_ms
from lumen_notify.settings import Secret

STREAM = f"{NOTIFICATIONS}/stream"

PATHS: dict[str, type[HttpToolsProtocol]] = {"handover": HandoverProtocol, "sse-starlette": HttpToolsProtocol}

OpenSite = Callable[..., Awaitable["Site"]]


class Stream(EventStream):
    """An event stream that keeps its text, too. payload: the text so far."""

    def __init__(self) -> None:
        super().__init__()
        self.payload = ""

    def _take(self, payload: bytes) -> None:
        self.payload += payload.decode()
        super()._take(payload)

    @classmethod
    async def ask(cls, base_url: str, target: str, *headers: str, method: str = "GET") -> Self:
        """Send a request; return once the head of the response has arrived."""
        stream = cls()
        lines = [f"{method} {target} HTTP/1.1", "Host: test", *headers, "", ""]
        async with asyncio.timeout(WAIT_SECONDS):
            await stream._ask(base_url, "\r\n".join(lines))
        return stream

    @property
    def events(self) -> list[str]:
        """The names of the events so far."""
        return [frame.event for frame in self.frames]


class Site:
    """A Lumen behind one of the two protocols. `pass_seconds` moves all its clocks."""

    def __init__(self, lumen: Lumen, listening: Listening, http: httpx.AsyncClient) -> None:
        self.lumen = lumen
        self.listening = listening
        self.http = http
        self.url = listening.url
        self._streams: list[Stream] = []
        self._later_seconds = 0

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls,
        database_url: str,
        protocol: type[HttpToolsProtocol],
        wrap: Callable[[Lumen], ASGIApp] = lambda lumen: lumen.app,
        **settings: Any,
    ) -> AsyncIterator[Self]:
        site: Self
        secret = Secret(SECRET)
        lumen = Lumen(
            Settings(database_url=database_url, jwt_secret=secret, **settings),
            clock=lambda: now_ms() + site._later_seconds * 1000,
        )
        async with contextlib.AsyncExitStack() as stack:
            # The clock is called when Lumen opens; `site` is assigned by then.
            listening = await stack.enter_async_context(listen(wrap(lumen), protocol))
            http = await stack.enter_async_context(httpx.AsyncClient(base_url=listening.url, trust_env=False))
            site = cls(lumen, listening, http)
            await stack.enter_async_context(lumen)
            assert lumen._services is not None
            streams = lumen._services.streams
            streams.wheel._clock = streams._hub._clock = lambda: time.monotonic() + site._later_seconds
            yield site
            for stream in site._streams:
                await stream.close()
            await eventually(lambda: not listening.state.tasks, what="the requests to end")

    def pass_seconds(self, seconds: int) -> None:
        assert self.lumen._services is not None
        self._later_seconds += seconds
        self.lumen._services.streams.wheel.tick()

    def api(self, user: str) -> Api:
        return Api(self.http, user)

    def bearer(self, user: str, ttl_seconds: int = 3600) -> dict[str, str]:
        return {"Authorization": f"Bearer {token(user, ttl_seconds=ttl_seconds + self._later_seconds)}"}

    async def ask(self, target: str, *headers: str, method: str = "GET") -> Stream:
        self._streams.append(await Stream.ask(self.url, target, *headers, method=method))
        return self._streams[-1]

    async def stream(self, user: str, *headers: str, ttl_seconds: int = 3600, **query: str) -> Stream:
        """Open a stream and wait until it is live."""
        more = "".join(f"&{name}={value}" for name, value in query.items())
        shown = token(user, ttl_seconds=ttl_seconds + self._later_seconds)
        stream = await self.ask(f"{STREAM}?token={shown}{more}", *headers)
        assert stream.status == 200
        await stream.wait_for_event("ready")
        return stream

    async def publish(self, *users: str, content: str = "hi") -> None:
        to = {"users": list(users)} if users else {"all": True}
        await self.api("publisher").post("", {"to": to, "category": "like", "content": content})

    async def metrics(self) -> dict[str, float]:
        """Read the metrics without labels."""
        text = (await self.http.get("/metrics")).text
        return {name: float(value) for name, value in re.findall(r"^(\w+) ([\d.e+-]+)$", text, re.MULTILINE)}

    @property
    def handed_over(self) -> list[TransportConnection]:
        return [one for one in self.listening.state.connections if isinstance(one, TransportConnection)]
