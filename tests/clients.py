"""Clients: what the tests talk to a server with, and what a good client of the stream would keep in mind.

- `Frame`, `read_frames`: server-sent events out of bytes (HTML Standard, section 9.2.6).
- `EventStream`: one open stream over a plain socket, read by a task of its own.
- `Bell`: a client's state, moved along by frames alone: the list with its marks, the counts, the cursor.
- `Api`: the requests of one user.
- `serve`: an ASGI application behind a real uvicorn, on a free port, in this process.

Nothing here waits without a deadline, and nothing sleeps to wait for something.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import re
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

import httpx
import uvicorn
from starlette.types import ASGIApp

import stream_schema
from lumen_notify.auth import PUBLISH, mint
from lumen_notify.model import to_json

SECRET = "a secret for tests, as long as one for HS256 must be"

BASE = "/api/v1"
NOTIFICATIONS = BASE + "/notifications"

WAIT_SECONDS = 60.0
"""For a machine that is busy, not for one that is well: nothing waits longer than it must."""

POLL_SECONDS = 0.01

MARKS = ("read", "seen", "unread", "archive", "unarchive")

IN_ROOMS = ("joined", "left", "member", "room", "message_edited", "message_deleted")

DURABLE = ("message", *MARKS, "delete", "expire", "preferences", "notification_edited", *IN_ROOMS)


def token(user_id: str, *scopes: str, ttl_seconds: int = 3600) -> str:
    """Mint a token by SECRET."""
    return mint(SECRET, user_id, ttl_seconds=ttl_seconds, scopes=scopes)


# ------------------------------------------------------------------------------------------------- frames
@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One server-sent event. event: `message` if it has no name. retry_ms: None if it says none."""

    id: str | None = None
    event: str = "message"
    data: Any = None
    retry_ms: int | None = None

    @property
    def position(self) -> int:
        """The number in the id. Only for a frame that has one."""
        assert self.id is not None
        return position_of(self.id)

    @property
    def is_durable(self) -> bool:
        """Whether an event of the log stands behind it."""
        return self.event in DURABLE

    @property
    def is_of_room(self) -> bool:
        """Whether it is a message of a room, or somebody has read some."""
        return "room" in (self.data or {})


def position_of(cursor: str) -> int:
    """Read the position in a cursor of the log: `<epoch>-<position>-<check>`."""
    return int(cursor.split("-")[1])


def read_frames(text: str) -> Iterator[Frame]:
    """Read complete events. A block that ends without an empty line is no event yet.

    Asserts what careless clients need: each block has data, and only a line feed ends a line.
    """
    for block in text.split("\n\n")[:-1]:
        fields: dict[str, list[str]] = {}
        assert block.split("\n") == block.splitlines(), block
        for line in block.split("\n"):
            name, _, value = line.partition(":")
            fields.setdefault(name, []).append(value.removeprefix(" "))
        assert set(fields) <= {"id", "event", "data", "retry"}, block
        assert "data" in fields, block
        yield Frame(
            id=fields["id"][-1] if "id" in fields else None,
            event=fields["event"][-1] if "event" in fields else "message",
            data=json.loads("\n".join(fields["data"])),
            retry_ms=int(fields["retry"][-1]) if "retry" in fields else None,
        )


class EventStream:
    """One open stream. on_frame: called with each frame as it comes. Each is held to `/asyncapi.json`.

    `presence` has the frames of that name: they come at any time, so they are neither in `frames` nor given
    to `on_frame`.

    Use `await EventStream.open(...)`, then `frames`, `wait_for`, `close`. `has_ended` tells that the server
    has ended the body; `is_whole` that it did so in good order (RFC 9112, section 7.1: the last chunk came).
    """

    def __init__(self, on_frame: Callable[[Frame], None] | None = None) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.frames: list[Frame] = []
        self.presence: list[Frame] = []
        self.has_ended = False
        self.is_whole = False
        self.problem: BaseException | None = None
        self._on_frame = on_frame
        self._changed = asyncio.Event()
        self._text = ""
        self._task: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    @classmethod
    async def open(
        cls,
        base_url: str,
        token: str | None,
        *,
        cursor: str | None = None,
        by: str = "header",
        on_frame: Callable[[Frame], None] | None = None,
        query: Mapping[str, str] | None = None,
        path: str = f"{NOTIFICATIONS}/stream",
        within_seconds: float = WAIT_SECONDS,
    ) -> Self:
        """Ask for the stream; return once it is live (its first event is there), has ended, or was refused.

        by: how the cursor is given: `header`, or the name of a query parameter. Raises OSError, also when
        it is not live in time.
        """
        parameters = {"token": token, **(query or {})} if token is not None else dict(query or {})
        head = ["Host: " + urlsplit(base_url).netloc, "Accept: text/event-stream"]
        if cursor is not None and by == "header":
            head.append(f"Last-Event-ID: {cursor}")
        elif cursor is not None:
            parameters[by] = cursor
        target = f"{path}?{urlencode(parameters, quote_via=quote)}"
        stream = cls(on_frame)
        try:
            async with asyncio.timeout(within_seconds):
                await stream._ask(base_url, f"GET {target} HTTP/1.1\r\n" + "\r\n".join(head) + "\r\n\r\n")
                await stream.wait_for(
                    lambda: stream.has_ended or any(frame.event for frame in stream.frames),
                    what="the first event",
                )
        except BaseException:
            await stream.close()
            raise
        return stream

    async def _ask(self, base_url: str, request: str) -> None:
        address = urlsplit(base_url)
        reader, self._writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            self._writer.write(request.encode("latin-1"))
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        except BaseException as error:
            await self.close()
            if isinstance(error, asyncio.IncompleteReadError):
                raise ConnectionResetError("the answer has no head") from None
            raise
        self.status = int(head[0].split()[1])
        self.headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])
        }
        self._task = asyncio.create_task(self._read(reader), name="event stream")

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            if self.headers.get("transfer-encoding") != "chunked":
                self._text += (await reader.read()).decode()
                return
            while size := int(await reader.readuntil(b"\r\n"), 16):
                self._take((await reader.readexactly(size + 2))[:-2])
            self.is_whole = True
        except (asyncio.IncompleteReadError, OSError):
            pass
        except Exception as error:  # noqa: BLE001 - told to whoever waits
            self.problem = error
        finally:
            self.has_ended = True
            self._changed.set()

    def _take(self, payload: bytes) -> None:
        self._text += payload.decode()
        complete, separator, self._text = self._text.rpartition("\n\n")
        for frame in read_frames(complete + separator):
            self._check(frame)
            if frame.event == "presence":
                self.presence.append(frame)
                continue
            self.frames.append(frame)
            if self._on_frame is not None:
                self._on_frame(frame)
        self._changed.set()

    def _check(self, frame: Frame) -> None:
        """Raise NotDescribed for a frame that no message describes."""
        stream_schema.check(frame)

    @property
    def text(self) -> str:
        """What came and is no complete event: the body of a refusal."""
        return self._text

    async def wait_for(
        self, is_so: Callable[[], object], *, what: str, within_seconds: float = WAIT_SECONDS
    ) -> None:
        """Return once `is_so` says yes, asked after each frame and at the end.

        Raises AssertionError, naming `what`, when the stream ends or the time is over before that.
        """
        deadline = time.monotonic() + within_seconds
        while True:
            self._changed.clear()
            if self.problem is not None:
                raise self.problem
            if is_so():
                return
            tail = [(frame.event, frame.id) for frame in self.frames[-5:]]
            assert not self.has_ended, f"the stream ended before {what}; last frames: {tail}"
            left = deadline - time.monotonic()
            assert left > 0, f"waited {within_seconds:g} s for {what}; last frames: {tail}"
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left)

    async def wait_for_first(self, *events: str) -> Frame:
        """Return the first frame with one of these names, once it is there."""

        def found() -> list[Frame]:
            return [frame for frame in self.frames if frame.event in events][:1]

        await self.wait_for(found, what=" or ".join(events))
        return found()[0]

    async def wait_for_event(self, event: str, number: int = 1) -> Frame:
        """Return the number-th frame of that name, from 1, once it is there."""

        def found() -> list[Frame]:
            return [frame for frame in self.frames if frame.event == event][number - 1 : number]

        await self.wait_for(found, what=f"{event} number {number}")
        return found()[0]

    async def wait_for_end(self) -> None:
        """Return once the server has ended the body."""
        await self.wait_for(lambda: self.has_ended, what="the end")

    async def until_end(self) -> None:
        """Return once the stream has ended, however long that takes. Raises what `on_frame` raised."""
        assert self._task is not None
        await asyncio.wait([self._task])
        if self.problem is not None:
            raise self.problem

    async def close(self) -> None:
        """Hang up."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
        if isinstance(self.problem, stream_schema.NotDescribed):
            raise self.problem  # also if nobody has waited for the frame


# --------------------------------------------------------------------------------------------- the client's
@dataclass(slots=True, kw_only=True)
class Item:
    """One notification as a client knows it."""

    position: int
    category: str
    content: str
    room_id: str | None = None
    is_seen: bool = False
    is_read: bool = False
    is_archived: bool = False

    @property
    def is_unread(self) -> bool:
        """Whether it counts."""
        return not (self.is_read or self.is_archived)

    @classmethod
    def from_list(cls, row: Mapping[str, Any]) -> Item:
        """Take an item of `GET /notifications`."""
        return cls(
            position=row["position"],
            category=row["category"],
            content=row["content"],
            room_id=row.get("room_id"),
            is_seen=row["seen_at"] is not None,
            is_read=row["is_read"],
            is_archived=row["archived_at"] is not None,
        )


@dataclass(slots=True, kw_only=True)
class Bell:
    """A client's state. items: by id, as the list has them, the oldest first. cursor: the newest id seen,
    None before one.

    rooms: what is unread in each, without zeros; who is in them and what is said there is not in here.
    must_fetch: what it has is not all, until the list is fetched. to_replay: how many frames of the replay
    are still to come, math.inf during a long one; these carry the counts as they were at the moment of the
    replay.
    """

    items: dict[str, Item] = field(default_factory=dict)
    unread_count: int = 0
    categories: dict[str, int] = field(default_factory=dict)
    rooms: dict[str, int] = field(default_factory=dict)
    cursor: str | None = None
    must_fetch: bool = True
    to_replay: float = 0

    def copied(self) -> Bell:
        """Return a copy that goes its own way."""
        items = {id_: replace(item) for id_, item in self.items.items()}
        return replace(self, items=items, categories=dict(self.categories), rooms=dict(self.rooms))

    def apply(self, frame: Frame) -> None:
        """Follow one frame. The items of a mark are those that were there before it."""
        if frame.id is not None:
            self.cursor = frame.id
        if "unread_count" in (frame.data or {}):
            self.unread_count = frame.data["unread_count"]
        if "unread" in (frame.data or {}):
            self.categories = dict(frame.data["unread"]["categories"])
            self.rooms = dict(frame.data["unread"]["rooms"])
        elif frame.is_of_room:
            self._follow_room(frame.data)
        elif frame.event == "message" and not self.to_replay:
            self.categories = dict(Counter(self.categories) + Counter(self._further(frame.data)))
        if frame.event == "ready":
            self.to_replay = math.inf if frame.data["replayed"] is None else frame.data["replayed"]
        if frame.event == "caught_up":
            self.to_replay = 0
        if frame.event == "reset":
            self.must_fetch = True
        if frame.is_durable:
            self._apply_durable(frame)

    def _apply_durable(self, frame: Frame) -> None:
        self.to_replay = max(0, self.to_replay - 1)
        if frame.event == "preferences":
            self.must_fetch = True  # what was silent did not come, and what comes back was not kept
        elif frame.is_of_room or frame.event in IN_ROOMS:
            pass
        elif frame.event == "message":
            for row in reversed(notifications_of(frame.data)):
                self._put(row, frame.position)
        elif frame.event == "notification_edited":
            known = self.items.get(frame.data["data"]["id"])
            if known is not None and known.position < frame.position:  # what was fetched may be newer
                known.content = frame.data["data"]["content"]
        elif frame.event == "expire":
            for id_ in frame.data["data"]["ids"]:
                self.items.pop(id_, None)
        else:
            self._apply_mark(frame)

    def _apply_mark(self, frame: Frame) -> None:
        for id_ in self._selected(frame.data["data"], frame.position):
            if frame.event == "delete":
                del self.items[id_]
            else:
                _mark(self.items[id_], frame.event)

    def _follow_room(self, body: Mapping[str, Any]) -> None:
        if not self.to_replay:
            self.rooms.pop(body["room"]["id"], None)
            if body["room"]["unread"]:
                self.rooms[body["room"]["id"]] = body["room"]["unread"]

    def _further(self, body: Mapping[str, Any]) -> list[str]:
        """List the categories of what a frame tells and was not unread before: what is known has merged."""
        known = {id_ for id_, item in self.items.items() if item.is_unread}
        has_merged = "update" in body or body["type"] == "bundle"
        rows = notifications_of(body)
        return [row["category"] for row in rows if not (has_merged and row["id"] in known)]

    def _put(self, row: Mapping[str, Any], position: int) -> None:
        """Take a notification, unread; one that has merged is known. What was fetched may be newer."""
        known = self.items.get(row["id"])
        if known is None or known.position < position:
            self.items.pop(row["id"], None)
            self.items[row["id"]] = Item(
                position=position,
                category=row["category"],
                content=row["content"],
                room_id=row.get("room_id"),
            )

    def _selected(self, selection: Mapping[str, Any], position: int) -> list[str]:
        ids = selection.get("ids")
        category, up_to = selection.get("category"), selection.get("up_to", position)
        return [
            id_
            for id_, item in self.items.items()
            if item.position < position
            and (id_ in ids if ids is not None else category in {None, item.category})
            and item.position <= up_to
        ]

    def recount(self) -> dict[str, int]:
        """Count what is unread by category from the items alone, without zeros."""
        return dict(Counter(item.category for item in self.items.values() if item.is_unread))


def notifications_of(body: Mapping[str, Any]) -> list[Any]:
    """List the notifications of a frame of content; none of a message of a room."""
    if body["type"] == "bundle" and "items" in body["data"]:
        return list(body["data"]["items"])
    return [] if "room" in body else [body["data"]]


def _mark(item: Item, action: str) -> None:
    if action == "seen":
        item.is_seen = True
    elif action == "read":
        item.is_seen = item.is_read = True
    elif action == "unread":
        item.is_read = False
    else:
        item.is_archived = action == "archive"


class Refusal(Exception):
    """An answer that is no 2xx. The problem document is in `problem`."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        self.problem: dict[str, Any] = answer.json()
        super().__init__(f"{self.status}: {self.problem}")


class Api:
    """The requests of one user. Answers are checked to be 2xx; raises Refusal."""

    def __init__(self, http: httpx.AsyncClient, user_id: str, *scopes: str, ttl_seconds: int = 3600) -> None:
        self.user_id = user_id
        self.token = token(user_id, *(scopes or (PUBLISH,)), ttl_seconds=ttl_seconds)
        self._http = http
        self._headers = {"Authorization": f"Bearer {self.token}"}

    async def get(self, path: str = "", **query: str | int) -> Any:
        """GET a path below /notifications."""
        return _checked(
            await self._http.get(NOTIFICATIONS + path, params=query or None, headers=self._headers)
        )

    async def get_api(self, path: str, **query: str | int) -> Any:
        """GET a path below /api/v1."""
        return await self.ask("GET", path, params=query or None)

    async def ask(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Ask for a path below /api/v1. body: None for none."""
        content = None if body is None else to_json(body).encode()
        return _checked(
            await self._http.request(method, BASE + path, content=content, headers=self._headers, **options)
        )

    async def post(self, path: str, body: Any, *, key: str | None = None) -> Any:
        """POST to a path below /notifications. key: the Idempotency-Key."""
        headers = self._headers if key is None else {**self._headers, "Idempotency-Key": key}
        return _checked(
            await self._http.post(NOTIFICATIONS + path, content=to_json(body).encode(), headers=headers)
        )

    async def put(self, path: str, body: Any) -> Any:
        """PUT to a path below /notifications."""
        return _checked(
            await self._http.put(NOTIFICATIONS + path, content=to_json(body).encode(), headers=self._headers)
        )

    async def pages(self, *, limit: int = 100, **query: str) -> list[Any]:
        """Read a whole list, page by page: newest first. Asserts its order and the sizes of its pages."""
        items: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.get(limit=limit, **query, **cursor)
            items += page["items"]
            places = [(item["position"], item["id"]) for item in items]
            assert places == sorted(set(places), reverse=True), places
            if page["next_cursor"] is None:
                assert len(page["items"]) <= limit
                return items
            assert len(page["items"]) == limit
            cursor = {"cursor": page["next_cursor"]}

    async def fetched(self, *, limit: int = 100) -> Bell:
        """Fetch all state anew, as a client does after `reset`: the list, the archive, the counts."""
        rows = await self.pages(limit=limit)
        archived = await self.pages(limit=limit, archived="true")
        assert all(row["archived_at"] is None for row in rows)
        assert all(row["archived_at"] is not None for row in archived)
        unread = await self.get("/counts")
        return Bell(
            items={
                row["id"]: Item.from_list(row)
                for row in sorted(rows + archived, key=lambda row: (row["position"], row["id"]))
            },
            unread_count=unread["unread_count"],
            categories=unread["unread"]["categories"],
            rooms=unread["unread"]["rooms"],
            must_fetch=False,
        )


def _checked(answer: httpx.Response) -> Any:
    if not answer.is_success:
        raise Refusal(answer)
    return answer.json() if answer.content else None


# ------------------------------------------------------------------------------------------------ a server
@contextlib.asynccontextmanager
async def serve(app: ASGIApp, **options: Any) -> AsyncIterator[str]:
    """Run an application behind uvicorn, in this loop, on a free port; give its address.

    It sends no lifespan events: what the application needs open is opened by the test. options: of
    `uvicorn.Config`.
    """
    settings: dict[str, Any] = {
        "lifespan": "off",
        "log_config": None,
        "access_log": False,
        "ws": "none",
        "interface": "asgi3",
        "timeout_graceful_shutdown": 20,  # a test that has failed may have left a stream open
    }
    server = _PromptServer(uvicorn.Config(app, **{**settings, **options}))
    # With its protocol named: only then does asyncio switch TCP_NODELAY on, or an answer may take 40 ms.
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # so that whoever comes early waits in line
        port = listener.getsockname()[1]
        # Not `serve`: it would take the signals of the test's own process.
        running = asyncio.create_task(server._serve([listener]), name="uvicorn")
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.asked_to_end.set()
            await running


class _PromptServer(uvicorn.Server):
    """uvicorn's, which ends as soon as it can: its own waits for two to three ticks of 100 ms."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.asked_to_end = asyncio.Event()

    async def main_loop(self) -> None:
        while not self.asked_to_end.is_set():
            await self.on_tick(0)  # the date
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.asked_to_end.wait(), 1)
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        deadline = time.monotonic() + (self.config.timeout_graceful_shutdown or WAIT_SECONDS)
        while self.server_state.connections or self.server_state.tasks:
            if time.monotonic() > deadline:
                self.config.timeout_graceful_shutdown = 0  # cancels what is left, and says so
                await super().shutdown(sockets)
                return
            await asyncio.sleep(POLL_SECONDS)
        for server in self.servers:
            await server.wait_closed()


async def eventually(is_so: Callable[[], object], *, what: str, within_seconds: float = WAIT_SECONDS) -> None:
    """Return once `is_so` says yes. Raises AssertionError, naming `what`, when it never does."""
    deadline = time.monotonic() + within_seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited {within_seconds:g} s for {what}"
        await asyncio.sleep(POLL_SECONDS)


async def eventually_true(
    is_so: Callable[[], Awaitable[object]], *, what: str, within_seconds: float = WAIT_SECONDS
) -> None:
    """Return once the awaited `is_so` says yes. Raises AssertionError, naming `what`, when it never does."""
    deadline = time.monotonic() + within_seconds
    while not await is_so():
        assert time.monotonic() < deadline, f"waited {within_seconds:g} s for {what}"
        await asyncio.sleep(POLL_SECONDS)


def is_uuid7(text: str) -> bool:
    """Say whether a text is a UUID of version 7 (RFC 9562, section 5.7)."""
    return bool(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", text))


def contents(items: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the contents of listed items, in their order."""
    return [item["content"] for item in items]
