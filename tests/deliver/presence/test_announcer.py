"""Announcer: who gets a `presence` frame, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from clients import eventually
from lumen_notify.commit.presence.lease import Change
from lumen_notify.commit.presence.online import UserPresence
from lumen_notify.commit.presence.presence import Observers
from lumen_notify.deliver.presence import announcer as announcer_module
from lumen_notify.deliver.presence.announcer import MAX_WAITING, Announcer
from lumen_notify.model import Counts
from lumen_notify.model.encoding import json_bytes
from supervised import supervised

from ..fakes import RecordingConnection
from ..stream_harness import StreamHarness, frames_of
from .fakes import FakePresence


class Announcing:
    """An announcer over a hub whose users are in rooms."""

    def __init__(self) -> None:
        self.harness = StreamHarness()
        self.presence = FakePresence()
        self.sent: list[Mapping[str, Any]] = []
        self.announcer = Announcer(
            self.harness.hub,
            self.presence,  # type: ignore[arg-type]
            self.presence,  # type: ignore[arg-type]
            send=self.send,
            clock=self.harness.clock,
        )

    def send(self, name: str, fields: Mapping[str, Any]) -> None:
        assert name == "presence"
        assert json_bytes(fields) <= 4096
        self.sent.append(fields)

    def join(self, user: str, *rooms: str) -> RecordingConnection:
        """Open a stream of a user who is in some rooms."""
        connection = self.harness.new(user)
        self.harness.streams.add(connection)
        counts = Counts({}, dict.fromkeys(rooms, 0), since=dict.fromkeys(rooms, 1))
        self.harness.hub.add(self.harness.hub.get_channel(user), connection, counts)
        return connection

    async def announce(self, *changes: Change) -> None:
        """Announce changes, and those of messages; return once they are written."""
        self.announcer.add(changes)
        async with supervised(self.announcer.run):
            await eventually(
                lambda: (
                    not (
                        self.announcer._changes
                        or self.announcer._announcements
                        or self.announcer._has_work.is_set()
                    )
                ),
                what="all to be announced",
            )


@pytest.fixture
def here() -> Announcing:
    return Announcing()


def online(user: str = "ann", at: int = 1, **fields: Any) -> Change:
    return Change(user_id=user, is_online=True, at=at, **fields)


def statuses(connection: RecordingConnection) -> list[tuple[str, str, str | None]]:
    data = [frame.data for frame in frames_of(connection) if frame.event == "presence"]
    return [(one["user"]["id"], one["status"], one["last_seen_at"]) for one in data]


async def test_each_user_in_the_rooms_gets_one_frame_except_for_the_user_and_the_blocked(
    here: Announcing,
) -> None:
    here.presence.by_user["ann"] = Observers(room_ids=("a", "b"), blocked_ids=("dan",))
    ann, bob, cid = here.join("ann", "a", "b"), here.join("bob", "a", "b"), here.join("cid", "b")
    dan, eve = here.join("dan", "a"), here.join("eve", "c")
    await here.announce(online())
    assert statuses(bob) == statuses(cid) == [("ann", "online", None)]
    assert statuses(ann) == statuses(dan) == statuses(eve) == []
    assert here.sent == [{"users": [["ann", True, 1, None, ["a", "b"], ["dan"]]]}]
    assert here.announcer.announced == 1


async def test_message_of_another_instance_is_announced_once_however_often_and_late_it_comes(
    here: Announcing,
) -> None:
    bob = here.join("bob", "a")
    offline = {"users": [["ann", False, 2000, 1000, ["a"], []]]}
    here.announcer.receive(offline)
    here.announcer.receive(offline)
    await here.announce()
    here.announcer.receive({"users": [["ann", True, 1000, None, ["a"], []]]})
    here.announcer.receive(offline)
    await here.announce()
    assert statuses(bob) == [("ann", "offline", "1970-01-01T00:00:01.000Z")]
    assert here.sent == []
    with pytest.raises(ValueError, match="unpack"):
        here.announcer.receive({"users": [["ann"]]})


async def test_newest_of_the_changes_that_wait_counts(here: Announcing) -> None:
    here.presence.by_user["ann"] = Observers(room_ids=("a",))
    bob = here.join("bob", "a")
    await here.announce(online(at=1), Change(user_id="ann", is_online=False, at=2, last_seen_at=1000))
    assert [status for _, status, _ in statuses(bob)] == ["offline"]
    here.announcer.add([online(f"user{n}") for n in range(MAX_WAITING + 10)])
    assert len(here.announcer._changes) == MAX_WAITING


async def test_hidden_user_is_announced_only_when_they_hide(here: Announcing) -> None:
    here.presence.by_user["ann"] = Observers(room_ids=("a",), is_hidden=True)
    here.presence.user = UserPresence(is_online=True, last_seen_at=1000, at=5)
    bob = here.join("bob", "a")
    await here.announce(online(at=1), online("nobody"))
    await here.announce(Change(user_id="ann", is_online=False, at=2, last_seen_at=1000))
    assert statuses(bob) == []
    await here.announcer.show("ann", is_hidden=True)
    await here.announce()
    assert statuses(bob) == [("ann", "offline", None)]
    here.presence.by_user["ann"] = Observers(room_ids=("a",))
    here.presence.user = UserPresence(is_online=True, last_seen_at=1000, at=6)
    await here.announcer.show("ann", is_hidden=False)
    await here.announce()
    assert statuses(bob)[1:] == [("ann", "online", None)]
    here.presence.user = UserPresence(is_online=False, last_seen_at=1000, at=7)
    await here.announcer.show("ann", is_hidden=True)
    await here.announce()
    assert len(statuses(bob)) == 2, "who is offline anyway has nothing to announce"


async def test_many_changes_travel_in_few_small_messages(here: Announcing) -> None:
    users = [f"user{n:04}" for n in range(1000)]
    here.presence.by_user = {user: Observers(room_ids=("a",)) for user in users}
    long = tuple(f"{n:064}" for n in range(100))
    here.presence.by_user["ann"] = Observers(room_ids=long)
    bob, cid = here.join("bob", "a"), here.join("cid", long[0], long[-1])
    await here.announce(online(), *map(online, users))
    assert len(statuses(bob)) == 1000
    assert len(statuses(cid)) == 1, "as many rooms as fit"
    assert len(here.sent) < 20
    assert max(map(len, here.presence.queries)) <= announcer_module.USERS_PER_QUERY


async def test_changes_wait_while_the_database_is_away(
    here: Announcing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcer_module, "RETRY_SECONDS", 0)
    here.presence.by_user["ann"] = Observers(room_ids=("a",))
    here.presence.failures = 3
    bob = here.join("bob", "a")
    await here.announce(online())
    assert len(statuses(bob)) == 1
