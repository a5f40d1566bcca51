"""Fakes: what the tracker writes to and reads from, kept in memory, and the changes that others make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lumen_notify.commit.presence.expiry import Due
from lumen_notify.commit.presence.lease import Change, Ended, Opened
from lumen_notify.commit.presence.online import UserPresence
from lumen_notify.commit.presence.presence import Observers
from lumen_notify.errors import DatabaseUnavailable


class FakeLease:
    """A lease. writes: the size of each write. open_ids: of the streams that are written as open, with their
    users. has_run_out: the next write finds that out. error: raised by each call, if it is set."""

    def __init__(self) -> None:
        self.is_open = False
        self.has_run_out = False
        self.error: Exception | None = None
        self.writes: list[tuple[int, int]] = []
        self.open_ids: dict[str, str] = {}
        self.kept_ms: list[int] = []

    async def begin(self, *, kept_ms: int) -> None:
        self._fail()
        self.is_open, self.has_run_out = True, False
        self.open_ids.clear()

    async def write(self, opened: Sequence[Opened], ended: Sequence[Ended]) -> Sequence[Change] | None:
        self._fail()
        if self.has_run_out or not self.is_open:
            self.is_open = False
            return None
        self.writes.append((len(opened), len(ended)))
        known = set(self.open_ids.values())
        self.open_ids |= {one.id: one.user_id for one in opened}
        for one in ended:
            self.open_ids.pop(one.id, None)
            self.kept_ms.append(one.kept_ms)
        users = sorted({one.user_id for one in opened} - known)
        return [Change(user_id=user, is_online=True, at=1) for user in users]

    async def close(self) -> None:
        self._fail()
        self.is_open = False

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


class FakeExpiry:
    """What is due: users, and instances whose lease ran out."""

    def __init__(self) -> None:
        self.users: list[str] = []
        self.instances = 0
        self.looks = 0
        self.error: Exception | None = None

    async def due(self) -> Due:
        if self.error is not None:
            raise self.error
        self.looks += 1
        return Due(now=1, has_ended=bool(self.users), has_expired=bool(self.instances))

    async def end_connections(self, now: int) -> bool:
        if self.instances:
            self.instances -= 1
            self.users.append(f"of instance {self.instances}")
            return True
        return False

    async def take_offline(self, now: int) -> tuple[Sequence[Change], bool]:
        taken, self.users = self.users[:2], self.users[2:]
        return [Change(user_id=user, is_online=False, at=2) for user in taken], bool(self.users)


class FakePresence:
    """Who may learn of changes, by user. user: what `of_user` finds."""

    def __init__(self) -> None:
        self.by_user: dict[str, Observers] = {}
        self.user: UserPresence | None = None
        self.failures = 0
        self.queries: list[Sequence[str]] = []

    async def observers(self, user_ids: Sequence[str]) -> Mapping[str, Observers]:
        self.queries.append(user_ids)
        if self.failures:
            self.failures -= 1
            raise DatabaseUnavailable("away")
        return {user: self.by_user[user] for user in user_ids if user in self.by_user}

    async def of_user(self, user_id: str) -> UserPresence | None:
        return self.user

    async def count(self) -> int:
        return 7


class FakeLimit:
    """Counts the users whose streams are looked at."""

    def __init__(self) -> None:
        self.users: list[str] = []

    def opened(self, user_ids: Sequence[str]) -> None:
        self.users += user_ids

    async def enforce(self) -> None: ...
