"""Tracking: the objects that report this instance's streams and announce who is online, created together.

    tracker      writes opens and ends, renews the lease, looks after other instances; or, on SQLite, which is
                 for one process, knows who is online by itself
    limit        closes the oldest streams of users who have too many
    announcer    changes of presence -> `presence` events

With LUMEN_PRESENCE=off only the first two work: streams are still listed and limited across instances.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.commit.presence.connections import Connections
from lumen_notify.commit.presence.expiry import Expiry
from lumen_notify.commit.presence.last_seen import LastSeen
from lumen_notify.commit.presence.lease import Change, Lease
from lumen_notify.commit.presence.online import Online, StoredOnline
from lumen_notify.commit.presence.presence import Presence
from lumen_notify.deliver.backplane.messages import Messages
from lumen_notify.deliver.hub import Hub
from lumen_notify.deliver.presence import announcer, stream_limit
from lumen_notify.deliver.presence.announcer import Announcer
from lumen_notify.deliver.presence.local_tracker import LocalTracker
from lumen_notify.deliver.presence.stream_limit import StreamLimit
from lumen_notify.deliver.presence.tracker import LEASE_SHARE, Timing, Tracker
from lumen_notify.deliver.streams.registry import StreamRegistry
from lumen_notify.model import now_ms
from lumen_notify.settings import Settings
from lumen_notify.supervisor import Supervisor


class Tracking:
    """The objects of presence. streams: reports to the tracker from now on. instance: the name of this one.
    send: a message to the other instances. clock: monotonic seconds."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        hub: Hub,
        streams: StreamRegistry,
        *,
        instance: str,
        send: Callable[[str, Mapping[str, Any]], None],
        messages: Messages,
        supervisor: Supervisor,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.is_on = settings.presence == "on"
        self.connections = Connections(database, instance=instance)
        self.limit = StreamLimit(hub, self.connections, most=settings.max_streams_per_user, send=send)
        shared: dict[str, Any] = {
            "timing": Timing(
                lease_seconds=settings.lease_seconds,
                grace_seconds=settings.presence_grace_seconds if self.is_on else 0.0,
            ),
            "on_changes": self._announce,
            "outage": supervisor.outage("presence"),
            "clock": clock,
        }
        self.tracker: Tracker | LocalTracker
        if database.is_server:
            self.online: Online = (stored := StoredOnline(database))
            lease = Lease(
                database,
                instance=instance,
                seconds=settings.lease_seconds * LEASE_SHARE,
                has_presence=self.is_on,
            )
            expiry = Expiry(database, instance=instance)
            self.tracker = Tracker(hub, lease, expiry, stored, self.limit, **shared)
        else:
            self.online = self.tracker = LocalTracker(hub, LastSeen(database), wall_clock=now_ms, **shared)
        self.presence = Presence(database, self.online, max_room_members=settings.presence_room_members)
        self.announcer = Announcer(hub, self.presence, self.online, send=send, clock=clock)
        self._supervisor = supervisor
        streams.reports = self.tracker
        messages.handle(stream_limit.MESSAGE, self.limit.receive)
        messages.handle(announcer.MESSAGE, self.announcer.receive)

    def _announce(self, changes: Sequence[Change]) -> None:
        if self.is_on:
            self.announcer.add(changes)

    def start(self) -> None:
        """Start the tasks."""
        self._supervisor.start("presence", self.tracker.run)
        if self.is_on:
            self._supervisor.start("presence events", self.announcer.run)

    async def close(self) -> None:
        """Stop the tasks; write that the streams of this instance have ended."""
        await self._supervisor.stop("presence")
        await self._supervisor.stop("presence events")
        await self.tracker.close()
