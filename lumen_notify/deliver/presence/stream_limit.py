"""Stream limit: no user has more open streams than allowed, counted over all instances.

The oldest streams are closed as `replaced`, by the instance that serves them. A user's streams are counted
one look after one has opened: by then, the other instances have written theirs. A user who has too many is
looked at again until they have not, so that a lost message is repeated.

Not here: the limit within this instance, which holds at once (`streams/registry`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lumen_notify.commit.presence.connections import Connections
from lumen_notify.deliver.backplane.packing import packed
from lumen_notify.deliver.hub import Hub
from lumen_notify.model import CloseReason

MESSAGE = "close_streams"

MAX_USERS = 1000
"""Users in one query."""


class StreamLimit:
    """Closes the oldest streams of users who have too many. most: 0 means no limit. send: to the other
    instances."""

    def __init__(
        self,
        hub: Hub,
        connections: Connections,
        *,
        most: int,
        send: Callable[[str, Mapping[str, Any]], None],
    ) -> None:
        self._hub = hub
        self._connections = connections
        self._most = most
        self._send = send
        self._users: dict[str, None] = {}
        self._next_users: dict[str, None] = {}

    def opened(self, user_ids: Iterable[str]) -> None:
        """Count the streams of users again, at the next `enforce` but one."""
        if self._most:
            self._next_users.update(dict.fromkeys(user_ids))

    async def enforce(self) -> None:
        """Close what is too much: once in each look. Raises DatabaseUnavailable."""
        while self._users:
            users = list(self._users)[:MAX_USERS]
            excess = await self._connections.excess(users, most=self._most)
            for user_id in users:
                del self._users[user_id]
            self.opened(user_id for user_id, _ in excess)
            elsewhere = [[user_id, id_] for user_id, id_ in excess if not self._close(user_id, id_)]
            for streams in packed(elsewhere):
                self._send(MESSAGE, {"streams": streams})
        self._users, self._next_users = self._next_users, {}

    def receive(self, fields: Mapping[str, Any]) -> None:
        """Close the streams of a message that are open here: a handler of `Messages`."""
        streams: Sequence[tuple[str, str]] = fields["streams"]
        for user_id, id_ in streams:
            self._close(user_id, id_)

    def _close(self, user_id: str, id_: str) -> bool:
        """Close a stream, if it is open here; return whether it is."""
        channel = self._hub.channels.get(user_id)
        for connection in () if channel is None else channel.connections:
            if connection.id == id_:
                connection.close(CloseReason.REPLACED)
                return True
        return False
