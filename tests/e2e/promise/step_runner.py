"""Step runner: performs each step by HTTP, as a client does."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from clients import Api, Bell, EventStream, Frame, Refusal, position_of
from lumen_notify import Settings
from lumen_notify.commit.log import Log
from lumen_notify.model import from_rfc3339, new_id, rfc3339

from .client import Client, State
from .environment import TTL_SECONDS, Environment
from .room_states import RoomStates
from .steps import (
    MAX_CLIENTS,
    MAX_KEPT_STATES,
    ROOMS,
    USERS,
    AddMember,
    AdvanceClock,
    CancelScheduled,
    ChangePublication,
    Connect,
    CreateRoom,
    DeleteMessage,
    DeleteRoom,
    Disconnect,
    EditMessage,
    MarkNotifications,
    PingStreams,
    PublishNotifications,
    ReadAllRooms,
    ReadRoom,
    RemoveMember,
    RenameRoom,
    ScheduleToRoom,
    SendDirectMessage,
    SendMessage,
    SetBan,
    SetBlock,
    SetDigest,
    SetPreference,
    Step,
    TakeBack,
)

MAX_OPENS = 5
"""How often a stream is opened until it stays open: see `_open`."""

SMALL_BACKLOG_BYTES = 4096
"""With this backlog a burst closes a stream as too slow."""

AMID_SECONDS = 0.1
"""How long a connect waits for a fan-out, to arrive in the middle of it."""

MAY_NOT = (403, 404, 409)
"""The statuses with which a room may refuse a user without permission."""


@dataclass(frozen=True)
class Memory:
    """What a step runner knows of the database: a copy of the attributes of the same names."""

    promised: dict[str, int]
    keyed: dict[int, tuple[str, Any]]
    answers: dict[int, Any]
    rooms: list[str]
    said: dict[tuple[str, str, int], Any]


class StepRunner:
    """Performs steps; call it with one.

    number: notifications and messages sent so far. promised: the scheduled notifications that will be
    published unchanged, with their times by id. has_merged: whether grouped notifications may be unannounced.
    """

    def __init__(
        self,
        environment: Environment,
        settings: Settings,
        *,
        apis: Mapping[str, Api],
        clients: list[Client],
        log: Log,
        epoch: str,
    ) -> None:
        self.number = 0
        self.promised: dict[str, int] = {}
        self.is_publishing = False
        self.has_merged = False
        self._environment = environment
        self._settings = settings
        self._apis = apis
        self._moderators = {
            user: Api(environment.http, user, "none", ttl_seconds=TTL_SECONDS) for user in USERS
        }
        self._clients = clients
        self._log = log
        self._epoch = epoch
        self._kept: dict[str, list[State]] = {user: [] for user in USERS}
        self._dropped = itertools.cycle(range(MAX_KEPT_STATES))
        self._resumed = itertools.count()
        self._keyed: dict[int, tuple[str, Any]] = {}
        self._answers: dict[int, Any] = {}
        self._rooms = list(ROOMS)
        self._said: dict[tuple[str, str, int], Any] = {}
        self._handlers: dict[type[Any], Callable[[Any], Awaitable[None]]] = {
            PublishNotifications: self._publish_notifications,
            CancelScheduled: self._cancel_scheduled,
            MarkNotifications: self._mark_notifications,
            ChangePublication: self._change_publication,
            TakeBack: self._take_back,
            SetPreference: self._set_preference,
            SetDigest: self._set_digest,
            AdvanceClock: self._advance_clock,
            CreateRoom: self._create_room,
            AddMember: self._add_member,
            RemoveMember: self._remove_member,
            SendMessage: self._send_message,
            ReadRoom: self._read_room,
            ReadAllRooms: self._read_all_rooms,
            ScheduleToRoom: self._schedule_to_room,
            EditMessage: self._edit_message,
            DeleteMessage: self._delete_message,
            SetBan: self._set_ban,
            RenameRoom: self._rename_room,
            DeleteRoom: self._delete_room,
            SendDirectMessage: self._send_direct_message,
            SetBlock: self._set_block,
            Connect: self._connect,
            Disconnect: self._disconnect,
            PingStreams: self._ping_streams,
        }

    async def __call__(self, step: Step) -> None:
        await self._handlers[type(step)](step)

    def memory(self) -> Memory:
        """Return what is known of the database now."""
        return Memory(
            dict(self.promised), dict(self._keyed), dict(self._answers), self._rooms[:], dict(self._said)
        )

    def go_back(self, position: int, memory: Memory) -> None:
        """Know what was known when the newest event was at a position. States that have seen later events can
        no longer be resumed."""
        self.promised, self._keyed, self._answers = (
            dict(memory.promised),
            dict(memory.keyed),
            dict(memory.answers),
        )
        self._rooms, self._said = memory.rooms[:], dict(memory.said)
        self.has_merged = True
        states = [client.state for client in self._clients]
        for state in [*states, *(state for kept in self._kept.values() for state in kept)]:
            bell = state.bell
            if bell.cursor is not None and not bell.must_fetch and position_of(bell.cursor) > position:
                bell.must_fetch = True

    # ---------------------------------------------------------------------------------------- notifications
    async def _publish_notifications(self, step: PublishNotifications) -> None:
        bodies, when = [], self._when(step)
        for number in range(step.number or 1):
            is_for_all = step.to is None or (step.is_mixed and number % 2 == 1)
            to: dict[str, Any] = {"all": True} if is_for_all else {"users": list(step.to or ())}
            if step.room is not None:
                to = {"room": self._room(step.room)}
            bodies.append({"to": to, "category": step.category, "content": self._content(), **when})
            if step.is_low:
                bodies[-1]["priority"] = "low"
            if step.group is not None:
                bodies[-1]["group_key"] = f"group {step.group}"
        sender, body = step.sender, bodies if step.number else bodies[0]
        if step.key is None:
            # The clock may have jumped over its time; the room may not be there.
            with _allowing(*([422] if when else []), *([] if step.room is None else MAY_NOT)):
                answer = await self._apis[sender].post("", body)
                if list(when) == ["deliver_at"] and step.group is None and step.room is None:
                    answers = answer["items"] if step.number else [answer]
                    self.promised |= {one["id"]: from_rfc3339(when["deliver_at"]) for one in answers}
        else:
            sender, body = self._keyed.setdefault(step.key, (sender, body))
            answer = await self._apis[sender].post("", body, key=f"key {step.key}")
            assert self._answers.setdefault(step.key, answer) == answer
        self.has_merged |= step.group is not None

    def _when(self, step: PublishNotifications) -> dict[str, str]:
        at = self._environment.now + 1000 * (step.after_seconds or 0)
        when = {} if step.after_seconds is None else {"deliver_at": rfc3339(at)}
        if step.lasting_seconds is not None:
            when["expires_at"] = rfc3339(at + 1000 * step.lasting_seconds)
        return when

    def _content(self) -> str:
        self.number += 1
        return f"number {self.number}"

    async def _cancel_scheduled(self, step: CancelScheduled) -> None:
        api = self._apis[step.sender]
        waiting = (await api.get("/scheduled"))["items"]
        if waiting:
            id_ = waiting[step.pick % len(waiting)]["id"]
            with _allowing(404):  # it may leave at this moment
                await api.ask("DELETE", f"/notifications/{id_}/schedule")
                self.promised.pop(id_, None)

    async def _mark_notifications(self, step: MarkNotifications) -> None:
        api = self._apis[step.user]
        positions = {item["id"]: item["position"] for item in (await api.get(limit=13))["items"]}
        ids = [self._id(step.user, list(positions), pick) for pick in step.picks]
        up_to = list(positions.values())[step.picks[0] % len(positions)] if positions else 0
        if step.by == "put":
            if ids[0] in positions:
                with _allowing(404):  # it may go at this moment
                    await api.put(f"/{ids[0]}", {"is_read": step.action != "unread"})
            return
        selections: dict[str, dict[str, Any]] = {
            "ids": {"ids": ids},
            "category": {"category": step.category},
            "up_to": {"up_to": up_to},
            "category and up_to": {"category": step.category, "up_to": up_to},
            "all": {"all": True},
        }
        await api.post(f"/{step.action}", selections[step.by])
        if step.action == "delete":  # what was published may be in no list and no replay any more
            self.promised = {id_: at for id_, at in self.promised.items() if at > self._environment.now}

    async def _change_publication(self, step: ChangePublication) -> None:
        id_ = await self._published(step)
        with _allowing(404):  # only its publisher may, and it may go at this moment
            await self._apis[step.sender].ask("PATCH", f"/notifications/{id_}", {"content": self._content()})

    async def _take_back(self, step: TakeBack) -> None:
        id_ = await self._published(step)
        sender = f"&sender={step.sender}" if step.is_own else ""
        with _allowing(404):
            path = f"/notifications/{id_}?for=everyone{sender}"
            await self._apis[step.sender].ask("DELETE", path)
            self.promised.pop(id_, None)

    async def _published(self, step: ChangePublication | TakeBack) -> str:
        """Return the id of a notification in somebody's list, or of a scheduled one."""
        listed = (await self._apis[step.of].get(limit=8))["items"]
        ids: list[str] = [item["id"] for item in listed]
        if step.pick >= len(ids):
            ids = [item["id"] for item in (await self._apis[step.sender].get("/scheduled"))["items"]]
        return ids[step.pick % len(ids)] if ids else new_id()

    def _id(self, user: str, mine: list[str], pick: int) -> str:
        if pick == -1 or not mine:
            return new_id()
        if pick == -2:
            others = [id_ for client in self._clients if client.user != user for id_ in client.bell.items]
            return others[0] if others else "not an id"
        return mine[pick % len(mine)]

    async def _set_preference(self, step: SetPreference) -> None:
        choice = {"in_app": step.in_app, "muted": step.muted}
        await self._apis[step.user].ask("PATCH", "/preferences", {"categories": {step.category: choice}})

    async def _set_digest(self, step: SetDigest) -> None:
        minutes = 5 if step.is_on else 0
        await self._apis[step.user].ask("PATCH", "/preferences", {"digest": {"minutes": minutes}})

    async def _advance_clock(self, step: AdvanceClock) -> None:
        # Not further back than it began: tokens would be from the future.
        self._environment.now = max(self._environment.now + step.seconds * 1000, self._environment.began)
        await self._environment.settle()

    # ------------------------------------------------------------------------------------------------ rooms
    def _room(self, pick: int) -> str:
        return self._rooms[pick % len(self._rooms)]

    async def _create_room(self, step: CreateRoom) -> None:
        id_ = step.room and self._rooms[ROOMS.index(step.room)]  # a deleted room has a successor
        body: dict[str, Any] = {"id": id_, "kind": step.kind, "members": list(step.members)}
        if step.room is None:
            others = [user for user in (*step.members, *USERS) if user != step.user]
            body = {"kind": "direct", "members": others[:1]}
        with _allowing(*MAY_NOT):
            made = await self._apis[step.user].ask("POST", "/rooms", body)
            if made["id"] not in self._rooms:
                self._rooms.append(made["id"])

    async def _add_member(self, step: AddMember) -> None:
        path = f"/rooms/{self._room(step.room)}/members/{step.user}"
        with _allowing(*MAY_NOT):
            await self._apis[step.caller].ask("PUT", path, {"role": step.role})

    async def _remove_member(self, step: RemoveMember) -> None:
        path = f"/rooms/{self._room(step.room)}/members/{step.user}"
        with _allowing(*MAY_NOT):
            await self._apis[step.caller].ask("DELETE", path)

    async def _send_message(self, step: SendMessage) -> None:
        room = self._room(step.room)
        body: dict[str, Any] = {"content": self._content()}
        if step.mentions:
            body["mentions"] = list(step.mentions)
        if step.client_id is not None:
            body["client_id"] = f"say {step.client_id}"
        with _allowing(*MAY_NOT, 422):  # mentioned users must be members
            answer = await self._apis[step.sender].ask("POST", f"/rooms/{room}/messages", body)
            if step.client_id is not None:
                assert self._said.setdefault((room, step.sender, step.client_id), answer) == answer

    async def _read_room(self, step: ReadRoom) -> None:
        api, path = self._apis[step.user], f"/rooms/{self._room(step.room)}"
        with _allowing(*MAY_NOT):
            up_to = max(1, (await api.get_api(path))["last_seq"] - step.back)
            await api.ask("POST", path + "/read", {"up_to": up_to})

    async def _schedule_to_room(self, step: ScheduleToRoom) -> None:
        room = self._room(step.room)
        body = {
            "to": {"room": room},
            "category": "like",
            "content": self._content(),
            "deliver_at": rfc3339(self._environment.now + 30_000),
            "data": {"moderator": step.user},
        }
        with _allowing(*MAY_NOT, 422):
            await self._moderators[step.user].post("", body)

    async def _read_all_rooms(self, step: ReadAllRooms) -> None:
        await self._apis[step.user].ask("POST", "/rooms/read", {"all": True})

    async def _edit_message(self, step: EditMessage) -> None:
        await self._change(step, "PATCH", {"content": self._content()})

    async def _delete_message(self, step: DeleteMessage) -> None:
        await self._change(step, "DELETE")

    async def _change(self, step: EditMessage | DeleteMessage, method: str, body: Any = None) -> None:
        api, path = self._apis[step.user], f"/rooms/{self._room(step.room)}/messages"
        with _allowing(*MAY_NOT):
            messages = (await api.get_api(path))["items"]
            if messages:
                id_ = messages[-1 - step.back % len(messages)]["id"]
                await api.ask(method, f"{path}/{id_}", body)

    async def _set_ban(self, step: SetBan) -> None:
        path = f"/rooms/{self._room(step.room)}/bans/{step.user}"
        with _allowing(*MAY_NOT):
            await self._apis[step.caller].ask("DELETE" if step.is_over else "PUT", path)

    async def _rename_room(self, step: RenameRoom) -> None:
        with _allowing(*MAY_NOT):
            path = f"/rooms/{self._room(step.room)}"
            await self._apis[step.caller].ask("PATCH", path, {"title": self._content()})

    async def _delete_room(self, step: DeleteRoom) -> None:
        room = self._room(step.room)
        with _allowing(*MAY_NOT):
            await self._apis[step.caller].ask("DELETE", f"/rooms/{room}")
            self._rooms[self._rooms.index(room)] = f"room {self.number}".replace(" ", "-")
            self.number += 1

    async def _send_direct_message(self, step: SendDirectMessage) -> None:
        if step.sender == step.to:
            return
        with _allowing(*MAY_NOT):
            body = {"to": step.to, "content": self._content()}
            sent = await self._apis[step.sender].ask("POST", "/messages", body)
            if sent["room_id"] not in self._rooms:
                self._rooms.append(sent["room_id"])

    async def _set_block(self, step: SetBlock) -> None:
        if step.user != step.other:
            with _allowing(404):
                path = f"/blocks/{step.other}"
                await self._apis[step.user].ask("DELETE" if step.is_over else "PUT", path)

    # ---------------------------------------------------------------------------------------------- streams
    async def _connect(self, step: Connect) -> None:
        if len(self._clients) >= MAX_CLIENTS:
            return
        if step.is_amid and self.is_publishing:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._environment.is_fanning_out.wait(), AMID_SECONDS)
        state = self._state(step)
        # Garbage may contain characters that a header must not.
        by = "last_event_id" if step.cursor == "garbage" else step.by
        await self._begin(
            Client(self._environment.base_url(is_handed_over=step.is_handed_over), step.user, state), by
        )

    async def _begin(self, client: Client, by: str) -> None:
        """Open a stream, and assert that its cursor is served or refused as it should be."""
        cursor, must_fetch = client.bell.cursor, client.bell.must_fetch
        is_served = not must_fetch and client.position >= (await self._log.head()).floor
        ready = await self._open(client, cursor, by)
        self._clients.append(client)
        is_recovered = ready.data["recovered"]
        if cursor is not None and not is_recovered:
            await client.stream.wait_for_event("reset")
        if must_fetch:  # it has none of our cursors
            assert not is_recovered
        elif self._settings.max_backlog_bytes != SMALL_BACKLOG_BYTES:
            # Trimmed events may still be in memory.
            assert is_recovered or not is_served, "a cursor of this log was not served"

    async def _open(self, client: Client, cursor: str | None, by: str) -> Frame:
        """Open a stream, and return `ready`.

        With a small backlog, a live frame may close the stream as `slow` before its first write has left,
        with `ready` and the replay; the client then comes back with the same cursor.
        """
        is_small = self._settings.max_backlog_bytes == SMALL_BACKLOG_BYTES
        for _ in range(MAX_OPENS if is_small else 1):
            await client.open(self._apis[client.user], cursor, by)
            first = await client.stream.wait_for_first("ready", "closing")
            if first.event == "ready":
                return first
            assert first.data == {"reason": "slow", "reconnect": True}, first.data
            await client.stream.close()
        raise AssertionError(f"no stream stayed open until `ready`, {MAX_OPENS if is_small else 1} times")

    def _state(self, step: Connect) -> State:
        """Make the initial state of a client."""
        kept = self._kept[step.user]
        if step.cursor == "kept" and kept:
            return kept[step.pick % len(kept)].copied()
        if step.cursor == "beginning":
            return self._from_the_beginning(step.user)
        cursors = {
            "foreign": f"{self._epoch[::-1]}x-{step.pick}",
            "future": f"{self._epoch}-{10 ** (4 + step.pick * 2)}",
            "garbage": step.text.replace("EPOCH", self._epoch),
        }
        return State(Bell(cursor=cursors.get(step.cursor)), RoomStates(step.user))

    def _from_the_beginning(self, user: str) -> State:
        return State(Bell(cursor=f"{self._epoch}-0", must_fetch=False), RoomStates(user))

    async def _disconnect(self, step: Disconnect) -> None:
        if self._clients:
            await self.hang_up(self._clients.pop(step.pick % len(self._clients)))

    async def _ping_streams(self, _step: PingStreams) -> None:
        self._environment.ping_all()

    async def hang_up(self, client: Client) -> None:
        """Close a client's stream, and keep its state."""
        await client.stream.close()
        if client.bell.cursor is not None and not client.bell.must_fetch:
            self.keep(client)

    async def resume(self, user: str) -> Client:
        """Open a stream with a state that a client of the user had earlier, in rotation."""
        turn = next(self._resumed)
        kept = [self._from_the_beginning(user), *self._kept[user]]
        client = Client(
            self._environment.base_url(is_handed_over=turn % 2 == 0),
            user,
            kept[turn // len(USERS) % len(kept)].copied(),
        )
        await self._begin(client, "header")
        return client

    @contextlib.asynccontextmanager
    async def look(self, user: str, cursor: str) -> AsyncIterator[EventStream]:
        """Open a stream with only a cursor, for a moment."""
        stream = await EventStream.open(
            self._environment.base_url(is_handed_over=True),
            self._apis[user].token,
            cursor=cursor,
            by="last_event_id",
        )
        try:
            yield stream
        finally:
            await stream.close()

    def keep(self, client: Client) -> None:
        """Keep a copy of a client's state for later clients: the newest, and fewer and fewer of the older
        ones."""
        kept = self._kept[client.user]
        kept.append(client.state.copied())
        if len(kept) > MAX_KEPT_STATES:
            del kept[next(self._dropped)]

    async def come_back(self, client: Client) -> Client:
        """Open a stream where a client's last one ended, at any server."""
        again = Client(self._environment.any_url(), client.user, client.state.copied())
        await self._begin(again, "header")
        return again


@contextlib.contextmanager
def _allowing(*statuses: int) -> Any:
    try:
        yield
    except Refusal as refusal:
        if refusal.status not in statuses:
            raise
