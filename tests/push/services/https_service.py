"""A service over HTTPS, in a thread of its own: HTTP/2 (RFC 9113), or HTTP/1.1 alone.

What it answers is up to a subclass; what goes wrong, up to the test:

    fail_next(reply)    the next good request gets this reply
    break_next(fault)   and what happens to its connection
    pause(), resume()   requests wait for their answers

A fault is for a kind of request, such as that for an access token, if a subclass tells kinds apart.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import threading
from abc import ABC, abstractmethod
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from certificates import Authority

from .connections import Connection, Http1Connection, Http2Connection

NAME = "localhost"

Fault = Literal["cut", "silence", "flood", "goaway", "refused by goaway"]
"""After the request has come: the connection ends; no answer comes; one of 10 MB does; the answer comes after
a GOAWAY; a GOAWAY says that the request was not taken."""

FLOOD_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request. headers: by name in lower case. connection: the number of its connection."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer, given to one request."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def of_json(cls, status: int, value: object, headers: Mapping[str, str] | None = None) -> Reply:
        return cls(
            status=status,
            headers={"content-type": "application/json; charset=UTF-8", **(headers or {})},
            body=json.dumps(value).encode(),
        )


class Refused(Exception):
    """A request breaks a rule. reply: what it gets."""

    def __init__(self, reply: Reply, rule: str) -> None:
        super().__init__(rule)
        self.reply = reply


class HttpsService(ABC):
    """Listens on a free port of the loopback address.

    received: the requests that broke no rule, whatever they were answered. accepted: those that succeeded,
    whether or not the answer arrived. refused: the rules that were broken. connections: how many there were.
    """

    def __init__(
        self, folder: Path, *, authority: Authority | None = None, name: str = NAME, http2: bool = True
    ) -> None:
        self.authority = authority or Authority(folder)
        self.received: list[Request] = []
        self.accepted: list[Request] = []
        self.refused: list[str] = []
        self.connections = 0
        self.url = ""
        self._files = self.authority.issue(name)
        self._http2 = http2
        self._replies: dict[str, deque[Reply]] = defaultdict(deque)
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._open: set[Connection] = set()
        self._may_answer = asyncio.Event()
        self._may_answer.set()
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)
        self._is_listening = threading.Event()
        self._loop = asyncio.new_event_loop()

    @abstractmethod
    def answer(self, request: Request) -> Reply:
        """Answer a request. Raises Refused for one that breaks a rule."""

    def kind(self, request: Request) -> str:
        """Return what kind of request it is."""
        return ""

    def will_fail(self, request: Request) -> bool:
        """Return whether this request gets a reply of the test."""
        return bool(self._replies[self.kind(request)])

    def fail_next(self, *replies: Reply, kind: str = "") -> None:
        """Give these replies to the next requests that break no rule."""
        self._replies[kind].extend(replies)

    def break_next(self, *faults: Fault, kind: str = "") -> None:
        """Let this happen to the connections of the next requests."""
        self._faults[kind].extend(faults)

    def pause(self) -> None:
        """Take requests, and let them wait."""
        self._in_loop(self._may_answer.clear)

    def resume(self) -> None:
        """Answer those that wait, and what comes."""
        self._in_loop(self._may_answer.set)

    def say_goodbye(self) -> None:
        """Send GOAWAY on each connection, and close it after its last request (RFC 9113, section 6.8)."""
        self._in_loop(*(one.leave for one in list(self._open)))

    def close_connections(self) -> None:
        """Close each connection."""
        self._in_loop(*(one.abort for one in list(self._open)))

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._is_listening.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self.resume()
        self.close_connections()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)

    def _in_loop(self, *actions: Callable[[], None]) -> None:
        done = threading.Event()
        for action in (*actions, done.set):
            self._loop.call_soon_threadsafe(action)
        assert done.wait(30)

    def _run(self) -> None:
        with contextlib.closing(self._loop):
            server = self._loop.run_until_complete(self._listen())
            self._is_listening.set()
            self._loop.run_forever()
            server.close()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.run_until_complete(self._loop.shutdown_default_executor())

    async def _listen(self) -> asyncio.Server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._files.cert, self._files.key)
        context.set_alpn_protocols(["h2"] if self._http2 else ["http/1.1"])
        kind = Http2Connection if self._http2 else Http1Connection
        server = await self._loop.create_server(
            lambda: kind(self._on_request, self._open), "127.0.0.1", 0, ssl=context
        )
        self.url = f"https://{NAME}:{server.sockets[0].getsockname()[1]}"
        return server

    def _number(self, connection: Connection) -> int:
        if connection.number == 0:
            self.connections += 1
            connection.number = self.connections
        return connection.number

    def _on_request(
        self, connection: Connection, stream_id: int, headers: list[tuple[str, str]], body: bytes
    ) -> None:
        fields = dict(headers)
        request = Request(
            method=fields[":method"],
            path=fields[":path"],
            headers={name: value for name, value in fields.items() if not name.startswith(":")},
            body=body,
            connection=self._number(connection),
        )
        try:
            reply = self.answer(request)
        except Refused as error:
            self.refused.append(str(error))
            connection.reply(stream_id, error.reply)
            return
        self._loop.create_task(self._give(connection, stream_id, request, reply))

    async def _give(self, connection: Connection, stream_id: int, request: Request, reply: Reply) -> None:
        kind = self.kind(request)
        fault = self._faults[kind].popleft() if self._faults[kind] else None
        if self._replies[kind]:
            reply = self._replies[kind].popleft()
        if fault != "refused by goaway":
            self.received.append(request)
        await self._may_answer.wait()
        if 200 <= reply.status < 300 and fault != "refused by goaway":
            self.accepted.append(request)
        match fault:
            case "cut":
                connection.abort()
            case "silence":
                pass
            case "flood":
                connection.reply(stream_id, Reply(status=reply.status, body=b"x" * FLOOD_BYTES))
            case "goaway":
                connection.leave()
                connection.reply(stream_id, reply)
            case "refused by goaway":
                connection.leave(before=stream_id)
            case None:
                connection.reply(stream_id, reply)
