"""Online: which users have an open stream, on any instance.

`StoredOnline` reads what all instances have written. A service of one process, as every one on SQLite, knows
it without: `deliver/presence/local_tracker`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from lumen_notify.commit.database import Database
from lumen_notify.commit.presence.connections import DeviceName
from lumen_notify.model import value


@value
class UserPresence:
    """A user as they are. last_seen_at: ms, None if it is not known. at: ms of the clock of changes."""

    is_online: bool
    last_seen_at: int | None
    at: int


class Online(Protocol):
    """Knows who is online, whatever users choose to appear as."""

    async def devices(self, user_ids: Sequence[str]) -> Mapping[str, Sequence[DeviceName]]:
        """Return the devices of those users who are online, each once, by name. Raises
        DatabaseUnavailable."""

    async def of_user(self, user_id: str) -> UserPresence | None:
        """Return one user; None if they were never online. Raises DatabaseUnavailable."""

    async def streams(self, user_ids: Sequence[str]) -> Mapping[str, frozenset[DeviceName | None]]:
        """Return the devices of users' streams that are open now, None for one that names no device. Users
        without an open stream are missing. Raises DatabaseUnavailable."""


class StoredOnline:
    """Reads who is online from the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def devices(self, user_ids: Sequence[str]) -> Mapping[str, Sequence[DeviceName]]:
        """Read the devices of those users who are online, each once, by name. Raises DatabaseUnavailable."""
        users = [{"user_id": user_id} for user_id in user_ids]
        devices: dict[str, list[DeviceName]] = {}
        for user_id, device in await self._database.fetch("online_devices", users=users):
            named = devices.setdefault(user_id, [])
            if device is not None:
                named.append(device)
        return devices

    async def of_user(self, user_id: str) -> UserPresence | None:
        """Read one user; None if they were never online. Raises DatabaseUnavailable."""
        rows = await self._database.fetch("presence_of_user", user_id=user_id)
        if not rows:
            return None
        is_online, last_seen_at, at = rows[0]
        return UserPresence(is_online=bool(is_online), last_seen_at=last_seen_at, at=at)

    async def streams(self, user_ids: Sequence[str]) -> Mapping[str, frozenset[DeviceName | None]]:
        """Read the devices of users' open streams. Raises DatabaseUnavailable."""
        users = [{"user_id": user_id} for user_id in user_ids]
        devices: dict[str, set[DeviceName | None]] = {}
        for user_id, device in await self._database.fetch("open_streams", users=users):
            devices.setdefault(user_id, set()).add(device)
        return {user_id: frozenset(found) for user_id, found in devices.items()}

    async def count(self) -> int:
        """Count the users who are online. Raises DatabaseUnavailable."""
        ((count,),) = await self._database.fetch("count_online")
        return int(count)
