"""Count drift: whether the counts on the streams of connected users are those that the database has.

One user after the other is sampled: their counts are fetched, and compared with those of their channel at the
same place of the log. The difference must be 0, always: a client shows what its stream says.

| the fetch is | then |
|---|---|
| where the channel is | they are compared |
| ahead of it | the channel gets there first |
| behind it, and no event in between concerns the user | they are compared: nothing has changed |
| behind it, and one does | they are fetched again, a few times |
| of another log, or the user's streams have ended | they are not compared |

Cost: one query for one user every LUMEN_COUNT_SAMPLE_SECONDS.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence

from lumen_notify.deliver.channel import Channel
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.streams.memberships import audiences_of
from lumen_notify.errors import Unavailable
from lumen_notify.model import Counts, CountsSnapshot
from lumen_notify.outages import Outage

KEPT_SECONDS = 3600.0
"""How long a difference is reported, so that nobody misses it."""

MAX_TRIES = 5
"""How often a user is fetched who gets an event at every fetch."""

WAIT_SECONDS = 5.0
"""How long the channel may take to get to where the fetch is."""

MAX_LOGGED = 20
"""The most numbers in a log line."""

_log = logging.getLogger("lumen_notify.counts")

FetchCounts = Callable[[Sequence[str]], Awaitable[Mapping[str, CountsSnapshot]]]


class CountDrift:
    """Samples users. fetch: reads the counts of users. interval_seconds: between two samples; 0 for none.
    outage: of the samples. clock: monotonic seconds.

    samples: how many there were, by result: `equal`, `different`, and `skipped`, which were not compared.
    """

    def __init__(
        self,
        hub: Hub,
        fetch: FetchCounts,
        *,
        interval_seconds: float,
        outage: Outage,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.samples: Counter[str] = Counter(equal=0, different=0, skipped=0)
        self._hub = hub
        self._fetch = fetch
        self._interval_seconds = interval_seconds
        self._outage = outage
        self._clock = clock
        self._users: list[str] = []
        self._largest = 0
        self._largest_at = -math.inf

    @property
    def drift(self) -> int:
        """By how much the counts of a sampled user have differed: the largest difference of KEPT_SECONDS."""
        return self._largest if self._clock() - self._largest_at < KEPT_SECONDS else 0

    async def run(self) -> None:
        """Sample until cancelled: a task of the supervisor."""
        if not self._interval_seconds:
            return
        while True:
            await asyncio.sleep(self._interval_seconds)
            if (user_id := self._next_user()) is None:
                continue
            try:
                await self.sample(user_id)
            except Unavailable:
                self.samples["skipped"] += 1  # those who write say so
            except Exception as error:  # noqa: BLE001 - no sample is worth an end of the server
                self._outage.begin(error, has_trace=True)
            else:
                self._outage.end()

    async def sample(self, user_id: str) -> None:
        """Compare the counts of one user, if that is possible. Raises Unavailable."""
        for _ in range(MAX_TRIES):
            if (snapshot := await self._fetch_delivered(user_id)) is None:
                break
            channel = self._hub.channels.get(user_id)
            if channel is None:
                break
            self._hub.catch_up(channel)
            if not channel.connections:
                break  # its counts are undefined
            if self._is_same_since(snapshot, user_id):
                self._compare(channel, snapshot.counts)
                return
        self.samples["skipped"] += 1

    async def _fetch_delivered(self, user_id: str) -> CountsSnapshot | None:
        """Fetch a user's counts, and wait until their position is delivered; None if it is not."""
        generation = self._hub.generation
        snapshot = (await self._fetch([user_id]))[user_id]
        reached = asyncio.Event()
        self._hub.call_at(snapshot.position, reached.set)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await reached.wait()
        except TimeoutError:
            return None
        is_same_log = generation == self._hub.generation and self._hub.has_delivered(snapshot.cursor)
        return snapshot if is_same_log else None

    def _is_same_since(self, snapshot: CountsSnapshot, user_id: str) -> bool:
        """Return whether no event concerns the user between the snapshot and the newest delivered one."""
        audiences = audiences_of(user_id, snapshot.counts.rooms)
        return self._hub.replay.frames_after(snapshot.position, audiences, limit=1) == []

    def _compare(self, channel: Channel, stored: Counts) -> None:
        difference = differences(channel.counts, stored)
        apart = sum(abs(ours - theirs) for ours, theirs in difference.values())
        drift = max(apart, abs(channel.total - stored.total))
        self.samples["different" if drift else "equal"] += 1
        if not drift:
            return
        if not self.drift:
            _log.error(
                "The counts of the user %s differ from the database at position %d: %d unread on their"
                " streams, %d stored. By category and room, on streams and stored: %s",
                channel.user_id,
                self._hub.position,
                channel.total,
                stored.total,
                dict(list(difference.items())[:MAX_LOGGED]),
            )
        self._largest, self._largest_at = max(drift, self.drift), self._clock()

    def _next_user(self) -> str | None:
        """Return the next user with a channel: each in turn, then all over again."""
        while self._users:
            if (user_id := self._users.pop()) in self._hub.channels:
                return user_id
        self._users = list(self._hub.channels)
        return self._users.pop() if self._users else None


def differences(shown: Counts, stored: Counts) -> Mapping[str, tuple[int, int]]:
    """Return the unread numbers that differ, by category and room: those that are shown, and those stored."""
    return {
        f"{kind} {name}": pair
        for kind, ours, theirs in (
            ("category", shown.categories, stored.categories),
            ("room", shown.rooms, stored.rooms),
        )
        for name in sorted(ours.keys() | theirs.keys())
        if (pair := (ours.get(name, 0), theirs.get(name, 0)))[0] != pair[1]
    }
