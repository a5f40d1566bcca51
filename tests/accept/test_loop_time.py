"""The time of the loop: no request, however hostile, holds up the others for long.

What is measured is the processor's time of the longest step of the loop, so a busy machine changes little.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from clients import NOTIFICATIONS, SECRET, token
from lumen_notify import Lumen, Settings
from lumen_notify.auth import ADMIN, PUBLISH
from lumen_notify.deliver.connection.http_protocol import MAX_HEAD_BYTES
from lumen_notify.model import new_id
from lumen_notify.settings import Secret

pytestmark = pytest.mark.slow

MAX_SECONDS = 0.05
TRIES = 4
"""Of a step that seems to take longer: the machine may have been at fault."""

BODY_BYTES = 64 * 1024
HEAD_BYTES = MAX_HEAD_BYTES - 2048

Header = tuple[bytes, bytes]


@dataclass
class Site:
    """A Lumen that is called directly. longest: the longest step of the loop since it was last set."""

    lumen: Lumen
    longest: float = 0.0

    async def status(
        self,
        method: str,
        path: str,
        *,
        query: bytes = b"",
        body: bytes = b"",
        headers: tuple[Header, ...] = (),
    ) -> int:
        """Send a request; return the status of the response."""
        messages: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "root_path": "",
            "scheme": "http",
            "headers": [(b"host", b"x"), (b"content-length", b"%d" % len(body)), *headers],
            "client": ("192.0.2.1", 1),
            "server": ("x", 80),
        }
        await self.lumen.app(scope, receive, send)
        self.last = b"".join(message.get("body", b"") for message in messages)
        status: int = messages[0]["status"]
        return status

    async def takes_little(self, *request: Any, name: str, **more: Any) -> None:
        """Send a request, and assert that it takes the loop for a short time."""
        times = []
        for _ in range(TRIES):
            await asyncio.sleep(
                0
            )  # a step is measured at its end, and some requests take no step of their own
            self.longest = 0.0
            assert await self.status(*request, **more) < 500, name
            await asyncio.sleep(0)
            times.append(self.longest)
            if times[-1] < MAX_SECONDS:
                return
        pytest.fail(
            f"{request[0]} {request[1][:60]} with {name} takes the loop for {min(times) * 1000:.0f} ms"
        )


@pytest.fixture
async def site(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    run = asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        began = time.thread_time()
        run(handle)
        made.longest = max(made.longest, time.thread_time() - began)

    settings = Settings(database_url=sqlite_url, jwt_secret=Secret(SECRET), accounts="on")
    async with Lumen(settings) as lumen:
        made = Site(lumen)
        await made.status(
            "POST",
            "/api/v1/rooms",
            body=b'{"id": "tea", "kind": "public", "title": "Tea"}',
            headers=(bearer("ann"),),
        )
        monkeypatch.setattr(asyncio.Handle, "_run", timed)
        # As `serve` does: the collector would else go through all that the tests of this process have left.
        gc.collect()
        gc.freeze()
        yield made
        gc.unfreeze()
        monkeypatch.undo()


def bearer(user: str, *scopes: str) -> Header:
    return b"authorization", f"Bearer {token(user, *scopes)}".encode()


ANN = bearer("ann", PUBLISH, ADMIN)

JSON = (b"content-type", b"application/json")


def full(begin: str, unit: str | Callable[[int], str], end: str, size: int = BODY_BYTES) -> bytes:
    """Return a text of nearly `size` bytes with as many units, separated by commas, as it holds."""
    units: list[str] = []
    left = size - len((begin + end).encode())
    while True:
        text = unit if isinstance(unit, str) else unit(len(units))
        left -= len(text.encode()) + 1
        if left < 0:
            return (begin + ",".join(units) + end).encode()
        units.append(text)


PUBLISHED = '{"category": "like", "content": "x", "to": '

MARKS = "\u0344\u0327"
"""Normalising a run of these takes time that grows with its square: they are sorted, one by one."""

BODIES = {
    "a deep list": b"[" * BODY_BYTES,
    "deep objects": b'{"a":' * (BODY_BYTES // 5),
    "many digits": b'{"to":' + b"9" * (BODY_BYTES - 10) + b"}",
    "a long exponent": b'{"to":1e' + b"9" * (BODY_BYTES - 10) + b"}",
    "unknown fields": full("{", lambda number: f'"{number}":1', "}"),
    "one field many times": full("{", '"a":1', "}"),
    "many numbers": full("[", "0", "]"),
    "many texts": full("[", lambda number: f'"{number}"', "]"),
    "many objects": full("[", "{}", "]"),
    "control characters": full('{"content":"', "\\u0000", '"}'),
    "half pairs": full('{"content":"', "\\ud800", '"}'),
    "a long name": f'{{"password":"12345678","username":"{MARKS * (BODY_BYTES // 4 - 50)}"}}'.encode(),
    "long passwords": (
        f'{{"username":"ann","current_password":"12345678","password":"{MARKS * (BODY_BYTES // 4 - 50)}"}}'
    ).encode(),
    "passwords to normalise": f'{{"username":"ann","password":"{MARKS * 500}"}}'.encode(),
    "many users": full(PUBLISHED + '{"users":[', lambda number: f'"{number}"', "]}}"),
    "one user many times": full(PUBLISHED + '{"users":[', '"a"', "]}}"),
    "wrong users": full(PUBLISHED + '{"users":[', "0", "]}}"),
    "empty users": full(PUBLISHED + '{"users":[', '""', "]}}"),
    "wide data": full(PUBLISHED + '{"user":"b"},"data":{', lambda number: f'"{number}":0', "}}"),
    "deep data": (PUBLISHED + '{"user":"b"},"data":{"a":' + "[" * 240 + "]" * 240 + "}}").encode(),
    "data of digits": full(PUBLISHED + '{"user":"b"},"data":{"a":[', "9" * 4300, "]}}"),
    "data of one number": full(PUBLISHED + '{"user":"b"},"data":{"a":', "9" * 60_000, "}}"),
    "a batch": full("[", PUBLISHED + '{"user":"b"}}', "]"),
    "a batch of users": full("[", PUBLISHED + '{"users":["a","b","c","d"]}}', "]"),
    "a wrong batch": full("[", '{"to":0}', "]"),
    "many line ends": full('{"content":"', "\\r\\n" * 1000, '"}'),
    "many ids": full('{"ids":[', lambda number: f'"{number}"', "]}"),
    "wrong ids": full('{"ids":[', "0", "]}"),
    "many members": full('{"kind":"private","title":"t","members":[', lambda n: f'"{n}"', "]}"),
    "wrong members": full('{"kind":"private","title":"t","members":[', "0", "]}"),
    "many mentions": full('{"content":"x","mentions":[', lambda number: f'"{number}"', "]}"),
    "wrong mentions": full('{"content":"x","mentions":[', "0", "]}"),
    "many categories": full('{"categories":{', lambda number: f'"{number}":{{"muted":true}}', "}}"),
    "wrong categories": full('{"categories":{', lambda number: f'"{number}":0', "}}"),
    "a long time": full(PUBLISHED + '{"user":"b"},"deliver_at":"', "9" * 60_000, '"}'),
    "a long time zone": full(
        '{"quiet_hours":{"start":"22:00","end":"07:00","time_zone":"', "a/" * 30_000, '"}}'
    ),
}

QUERIES = {
    "many parameters": full("", lambda number: f"&a{number}=1", "", HEAD_BYTES),
    "nothing but separators": b"&" * HEAD_BYTES,
    "a long limit": b"limit=" + b"9" * HEAD_BYTES,
    "a long cursor": b"cursor=" + b"9" * HEAD_BYTES,
    "a cursor of many parts": b"cursor=" + b"0-" * (HEAD_BYTES // 2),
    "a long category": b"category=" + b"a" * HEAD_BYTES,
    "a category to normalise": b"category=" + b"%CD%84%CC%A7" * (HEAD_BYTES // 12),
}

PARTS = {
    "many letters": "a" * HEAD_BYTES,
    "characters to normalise": MARKS * (HEAD_BYTES // 12),
    "dots": "." * HEAD_BYTES,
    "slashes": "/" * HEAD_BYTES,
    "hexadecimal digits and dashes": "0-" * (HEAD_BYTES // 2),
}


async def operations(site: Site) -> list[tuple[str, str]]:
    """Return method and path of all operations but that of a file."""
    await site.status("GET", "/openapi.json")
    paths = json.loads(site.last)["paths"]
    found = [(method.upper(), path) for path, item in paths.items() if path != "/docs" for method in item]
    assert len(found) > 40
    return found


def filled(path: str, part: str | None = None) -> str:
    """Fill in the parameters of a path. part: for each; None for good ones."""
    id_ = new_id() if path.startswith(NOTIFICATIONS) else "tea"
    good = {"{id}": id_, "{user}": "bob", "{name}": "like"}
    return re.sub("{[a-z_]+}", lambda found: part or good.get(found[0], new_id()), path)


async def test_no_body_takes_the_loop_for_long(site: Site) -> None:
    for method, path in await operations(site):
        if method != "GET":
            for name, body in BODIES.items():
                key = (b"idempotency-key", new_id().encode())
                target = filled(path)
                await site.takes_little(method, target, body=body, headers=(ANN, JSON, key), name=name)


async def test_no_query_takes_the_loop_for_long(site: Site) -> None:
    for method, path in await operations(site):
        for name, query in QUERIES.items():
            await site.takes_little(method, filled(path), query=query, headers=(ANN,), name=name)


async def test_no_path_takes_the_loop_for_long(site: Site) -> None:
    for method, path in await operations(site):
        if "{" in path:
            for name, part in PARTS.items():
                await site.takes_little(method, filled(path, part), headers=(ANN,), name=name)


def encoded(text: bytes) -> bytes:
    return base64.urlsafe_b64encode(text).rstrip(b"=")


TOKENS = {
    "many letters": b"a" * HEAD_BYTES,
    "dots": b"." * HEAD_BYTES,
    "a deep head": encoded(b"[" * (HEAD_BYTES // 2)) + b"." + encoded(b"{}") + b".x",
    "a deep field": encoded(b'{"alg":"HS256","a":' + b"[" * (HEAD_BYTES // 2))
    + b"."
    + encoded(b"{}")
    + b".x",
    "many digits": encoded(b'{"alg":"HS256","a":' + b"9" * (HEAD_BYTES // 2) + b"}")
    + b"."
    + encoded(b"{}")
    + b".x",
    "a deep payload": encoded(b'{"alg":"HS256"}') + b"." + encoded(b"[" * (HEAD_BYTES // 2)) + b".x",
}

COOKIES = {
    "backslashes": b'lumen_stream="' + b"\\a" * (HEAD_BYTES // 2) + b'"',
    "octal digits": b'lumen_stream="' + b"\\101" * (HEAD_BYTES // 4) + b'"',
    "many cookies": b"; ".join(b"a%d=b" % number for number in range(HEAD_BYTES // 9)),
    "cookies of one name": b"lumen_stream=a.b.c.d; " * (HEAD_BYTES // 22),
    "separators": b";" * HEAD_BYTES,
    "quotes": b'a="' * (HEAD_BYTES // 3),
}


def hostile_headers() -> Iterator[tuple[str, Header]]:
    for name, text in TOKENS.items():
        yield f"a token of {name}", (b"authorization", b"Bearer " + text)
        yield f"a cookie of {name}", (b"cookie", b"lumen_stream=" + text)
    for name, text in COOKIES.items():
        yield f"{name} in the cookie", (b"cookie", text)
    for header in (
        b"authorization",
        b"origin",
        b"idempotency-key",
        b"content-type",
        b"content-length",
        b"last-event-id",
    ):
        for byte in (b"a", b"9", b",", b";", b"-", b" ", b"\xcd\x84"):
            yield f"a long {header.decode()} of {byte!r}", (header, byte * (HEAD_BYTES // len(byte)))


async def test_no_header_takes_the_loop_for_long(site: Site) -> None:
    for name, header in hostile_headers():
        credentials = () if header[0] in (b"authorization", b"cookie") else (ANN,)
        for method, path in (("HEAD", "/stream"), ("POST", "")):
            headers = (*credentials, header)
            body = full(PUBLISHED + '{"user":"b"', "", "}}", 100)
            await site.takes_little(method, NOTIFICATIONS + path, body=body, headers=headers, name=name)
    for name, text in TOKENS.items():
        for query in (b"token=" + text, b"ticket=" + text):
            await site.takes_little("HEAD", f"{NOTIFICATIONS}/stream", query=query, name=f"a token of {name}")
