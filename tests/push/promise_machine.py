"""Promise machine: random publishes, marks, choices, streams, failures and crashes, on two instances.

After each step what was handed over is held against a model that knows only what users did:

- who had read, seen or archived a notification, or had muted its category, before it was decided does not
  get it;
- nobody gets what is not urgent in their quiet hours, or what is for users who are offline on an open stream;
- a notification that a device gets once more has the same collapse key;
- the badge is the number that a fetch returns.

At the end everybody comes offline, all quiet hours end and all providers work: whoever has not read a
notification then, and may be pushed it, has been handed it over, alone or in a bundle.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from lumen_notify.commit.marks.marks import Action
from lumen_notify.commit.preferences.preferences import ChangePreferences
from lumen_notify.commit.preferences.quiet_hours import QuietHours, is_quiet
from lumen_notify.push.push import SENT, Delivery, Result

from .push_desk import PushDesk

MINUTE_MS = 60_000

NAMES = ("ann", "bob", "cid")

CATEGORIES = ("like", "news")

USERS = st.sampled_from(NAMES)

QUIET = QuietHours(begin="07:00", end="06:30", time_zone="UTC")  # runs begin at 08:00


@dataclass
class Notification:
    """What was published. readers: who has read, seen or archived it. ever_online: who has had an open stream
    since. pushed: by user, the collapse keys of the pushes that may have been about it."""

    id: str
    users: frozenset[str]
    category: str
    is_always: bool
    readers: set[str] = field(default_factory=set)
    ever_online: set[str] = field(default_factory=set)
    pushed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


class PromiseMachine(RuleBasedStateMachine):
    """Draws what users, providers and instances do. Each run has users of its own, by `numbers`."""

    desks: tuple[PushDesk, PushDesk]
    runner: asyncio.Runner
    numbers: Iterator[int]

    @initialize()
    def begin(self) -> None:
        self.run = self.runner.run
        self.number = next(self.numbers)
        self.store = self.desks[0].store
        self.store.now += 24 * 60 * MINUTE_MS - (self.store.now - 1_800_000_000_000) % (24 * 60 * MINUTE_MS)
        self.notifications: dict[str, Notification] = {}
        self.keys: dict[tuple[str, str], str] = {}
        self.muted: set[tuple[str, str]] = set()
        self.quiet: set[str] = set()
        self.streams: set[str] = set()
        self.crash: bool | None = None  # whether it comes before the next hand-over, or after it
        self.failing: set[str] = set()
        self.taken: list[Delivery] = []
        self.active = 0
        for desk in self.desks:
            desk.sent.clear()
            desk.streams.clear()
            desk.answer = self._answer
            desk.before = self._before
            desk.meanwhile = self._meanwhile
        self.devices = {
            name: [self.run(self.desks[0].register(self.user(name))) for _ in range(count)]
            for name, count in zip(NAMES, (1, 2, 1), strict=True)
        }

    def user(self, name: str) -> str:
        return f"{name}-{self.number}"

    @rule(
        users=st.sets(USERS, min_size=1).map(sorted),
        category=st.sampled_from(CATEGORIES),
        priority=st.sampled_from(["low", "normal", "normal", "high", "urgent"]),
        policy=st.sampled_from(["offline", "offline", "always"]),
    )
    def publish(self, users: list[str], category: str, priority: str, policy: str) -> None:
        id_ = self.run(
            self.desks[0].publish(
                *map(self.user, users), category=category, priority=priority, delivery={"push": policy}
            )
        )
        self.notifications[id_] = Notification(
            id=id_,
            users=frozenset(users),
            category=category,
            is_always=policy == "always",
            ever_online=self.streams & set(users),
        )

    @rule(user=USERS, pick=st.integers(0, 5), action=st.sampled_from(["read", "seen", "archive"]))
    def mark(self, user: str, pick: int, action: Action) -> None:
        mine = [one for one in self.notifications.values() if user in one.users and user not in one.readers]
        if mine:
            one = mine[min(pick, len(mine) - 1)]
            self.run(self.store.mark(self.user(user), action, ids=(one.id,)))
            one.readers.add(user)

    @rule(user=USERS, action=st.sampled_from(["read", "seen", "archive"]))
    def mark_newest(self, user: str, action: Action) -> None:
        """Mark what was just published, before it is due."""
        self.publish([user], "like", "normal", "offline")
        self.mark(user, len(self.notifications), action)

    @rule(user=USERS)
    def read_all(self, user: str) -> None:
        self.run(self.store.mark(self.user(user), "read", up_to=2**62))
        for one in self.notifications.values():
            if user in one.users:
                one.readers.add(user)

    @rule(user=USERS, category=st.sampled_from(CATEGORIES), field=st.sampled_from(["push", "muted"]))
    def mute(self, user: str, category: str, field: str) -> None:
        command = ChangePreferences(user_id=self.user(user), choices={category: {field: field == "muted"}})
        self.run(self.store.committer.submit(command))
        self.muted.add((user, category))

    @rule(user=USERS, is_on=st.booleans())
    def set_quiet_hours(self, user: str, is_on: bool) -> None:
        command = ChangePreferences(user_id=self.user(user), quiet_hours=QUIET if is_on else None)
        self.run(self.store.committer.submit(command))
        (self.quiet.add if is_on else self.quiet.discard)(user)

    @rule(user=USERS)
    def toggle_stream(self, user: str) -> None:
        is_open = user not in self.streams
        self.streams ^= {user}
        for desk in self.desks:
            if is_open:
                desk.streams[self.user(user)] = ["desktop"]
            else:
                desk.streams.pop(self.user(user))
        if is_open:
            for one in self.notifications.values():
                if user in one.users:
                    one.ever_online.add(user)

    @rule(user=USERS)
    def toggle_provider(self, user: str) -> None:
        self.failing ^= {user}

    @rule(is_before=st.booleans())
    def crash_soon(self, is_before: bool) -> None:
        self.crash = is_before

    @rule(takes_over=st.booleans())
    def change_instance(self, takes_over: bool) -> None:
        self.active = int(takes_over)

    @rule(ms=st.sampled_from([1, 5_000, 10_000, 60_000, 15 * MINUTE_MS, 30 * MINUTE_MS, 70 * MINUTE_MS]))
    def work(self, ms: int) -> None:
        self.store.now += ms
        self.push()

    @rule()
    def both_work(self) -> None:
        """Let both instances push at the same moment, as after a pause."""
        self.run(self._both())
        self.check()

    async def _both(self) -> None:
        await asyncio.gather(*(desk.worker.work_off() for desk in self.desks), return_exceptions=True)
        await asyncio.gather(*(desk.worker.cancel() for desk in self.desks))

    def push(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):  # the crash that was drawn
            self.run(self._push())
        self.check()

    async def _push(self) -> None:
        task = asyncio.create_task(self.desks[self.active].worker.work_off())
        await asyncio.wait([task])
        await self.desks[self.active].worker.cancel()  # a crash ends all of it
        if not task.cancelled():
            task.result()

    def _answer(self, delivery: Delivery) -> Result:
        name = delivery.target.user_id.partition("-")[0]
        if name in self.failing:
            return Result(outcome="retry", reason="503")
        self.taken.append(delivery)
        return SENT

    def _before(self) -> None:
        self._crash(is_before=True)

    async def _meanwhile(self) -> None:
        self._crash(is_before=False)

    def _crash(self, *, is_before: bool) -> None:
        if self.crash == is_before:
            self.crash = None
            raise asyncio.CancelledError

    def check(self) -> None:
        for desk in self.desks:
            for delivery in desk.sent:
                if not delivery.push.is_silent and delivery.target.user_id.endswith(f"-{self.number}"):
                    self.check_one(delivery)
            desk.sent.clear()
        self.taken.clear()

    def check_one(self, delivery: Delivery) -> None:
        name, push = delivery.target.user_id.partition("-")[0], delivery.push
        ids = self.run(self._ids_of(delivery))
        assert ids, delivery
        unread = {
            one.id for one in self.notifications.values() if name in one.users and name not in one.readers
        }
        left = [self.notifications[id_] for id_ in ids if id_ in unread]
        assert left, ("all of it was read before", delivery)
        if push.payload["type"] == "notification":
            assert push.payload["id"] in unread, ("it was read before", delivery)
            key = self.keys.setdefault((delivery.target.id, push.payload["id"]), push.collapse_key)
            assert push.collapse_key == key, ("another collapse key", delivery)
        else:
            assert push.payload["count"] <= len(unread), ("more than are unread", delivery)
        for one in left:
            assert (name, one.category) not in self.muted, ("it is muted", delivery)
            if any(delivery is taken for taken in self.taken):
                one.pushed[name].add(push.collapse_key)
        if push.priority != "urgent":
            assert name not in self.quiet or not is_quiet(QUIET, self.store.now), ("it is quiet", delivery)
        if not any(one.is_always for one in left):
            assert name not in self.streams, ("they are online", delivery)
        counts = self.run(self.store.counts.fetch([delivery.target.user_id]))
        assert push.badge == counts[delivery.target.user_id].counts.total, ("the badge", delivery)

    async def _ids_of(self, delivery: Delivery) -> list[str]:
        """Return the notifications that a push may be about: its own, or those of its category."""
        if delivery.push.payload["type"] == "notification":
            return [delivery.push.payload["id"]]
        category = delivery.push.payload["category"]
        return [one.id for one in self.notifications.values() if one.category == category]

    def teardown(self) -> None:
        if not hasattr(self, "number"):
            return
        self.failing.clear()
        self.crash = None
        self.streams.clear()
        self.quiet.clear()
        for desk in self.desks:
            desk.streams.clear()
        for name in NAMES:
            command = ChangePreferences(user_id=self.user(name), quiet_hours=None)
            self.run(self.store.committer.submit(command))
        for _ in range(13):
            self.store.now += 121 * MINUTE_MS
            self.push()
        for one in self.notifications.values():
            for name in one.users - one.readers - one.ever_online:
                if (name, one.category) not in self.muted:
                    assert one.pushed[name], ("nobody was missed", name, one)
        waiting = self.run(self.store.number_of("lumen_push_waiting"))
        assert waiting == 0, "nothing waits for ever"
