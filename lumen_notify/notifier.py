"""Notifier: the library's calls for rooms, direct messages and connections, without HTTP.

Each call does what its HTTP route does, and returns when that is committed. The method names are
those of the broadcast services that applications commonly have.

| method | HTTP route |
|---|---|
| broadcast_message | POST /rooms/{id}/messages |
| broadcast_consultation_reply | POST /rooms/{id}/messages |
| broadcast_typing_status | POST /rooms/{id}/typing |
| broadcast_read_status | POST /rooms/{id}/read |
| broadcast_system_notification | POST /notifications to a room or to all, with category `system` |
| send_mobile_only_notification | POST /notifications to a room, for mobile devices only |
| send_direct_message | POST /messages |
| get_user_device_info | GET /connections, of any user |
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from lumen_notify.api.endpoints import Endpoints
from lumen_notify.commit.notifications.publication import Published
from lumen_notify.commit.rooms.messages import SentMessage
from lumen_notify.commit.rooms.read_marks import ReadMark
from lumen_notify.model import canonical_id, rfc3339

SYSTEM = {"id": "system", "username": "system", "avatar": None}
"""The sender shown if the application names none."""


class Notifier(ABC):
    """The calls, inherited by `Lumen`."""

    @abstractmethod
    async def _opened(self) -> Endpoints:
        """Return the endpoints. Open the application first if it is not open."""

    async def broadcast_message(
        self,
        room_id: str,
        *,
        content: str,
        sender_id: str | None = None,
        sender: Mapping[str, Any] | None = None,
        exclude_user_id: str | None = None,
        **fields: Any,
    ) -> SentMessage:
        """Send a message to a room.

        sender_id: a member who may post there; or sender: `{"id", "username"?, "avatar"?}`. Without a sender
        it is a message of kind `system`. exclude_user_id: a user whose streams do not get the message, and
        whose read mark moves to it. By default none is excluded: the sender's streams get it too, so that
        their other devices show it. fields: title, kind, data, reply_to, mentions, client_id. Raises Invalid,
        NotFound, Forbidden, Unavailable.
        """
        endpoints = await self._opened()
        shown = _sender(sender_id, sender)
        given = {"content": content, **({"kind": "system"} if shown is SYSTEM else {}), **fields}
        body = endpoints.messenger.body(given)
        return await endpoints.messenger.send(
            canonical_id(room_id), shown, body, exclude_user_id=exclude_user_id
        )

    async def broadcast_consultation_reply(
        self,
        room_id: str,
        *,
        content: str,
        sender_id: str,
        title: str | None = None,
        data: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> SentMessage:
        """Answer in a room: a message, which reaches members with an open stream there, and the devices of
        the others by push.

        sender_id: a member who may post there. title: of the push; by default that of the room, or the
        sender. fields: as for `broadcast_message`. Raises Invalid, NotFound, Forbidden, Unavailable.
        """
        given = {"title": title, "data": None if data is None else dict(data), **fields}
        return await self.broadcast_message(room_id, content=content, sender_id=sender_id, **given)

    async def broadcast_typing_status(
        self,
        room_id: str,
        user_id: str,
        *,
        is_typing: bool = True,
        user: Mapping[str, Any] | None = None,
    ) -> None:
        """Tell the other members of a room whether a user is typing. It ends by itself after 6 seconds.

        user: how the user is shown, `{"id", "username"?, "avatar"?}`. Raises NotFound, Forbidden,
        Unavailable.
        """
        endpoints = await self._opened()
        await endpoints.typing.set(canonical_id(room_id), _sender(user_id, user), is_typing=is_typing)

    async def broadcast_read_status(self, room_id: str, user_id: str, message_ids: Sequence[str]) -> ReadMark:
        """Mark a room as read up to the newest of some messages, and tell its members.

        message_ids: at least one must belong to this room. Raises NotFound, Forbidden, Unavailable.
        """
        endpoints = await self._opened()
        return await endpoints.messenger.read_messages(
            canonical_id(room_id), user_id, list(map(canonical_id, message_ids))
        )

    async def broadcast_system_notification(
        self, content: str, *, room_id: str | None = None, **fields: Any
    ) -> Published:
        """Publish a notification with category `system` to the members of a room, or to everyone.

        fields: as for `Lumen.publish`. Raises Invalid, Unavailable.
        """
        endpoints = await self._opened()
        to = {"all": True} if room_id is None else {"room": room_id}
        body = endpoints.publisher.body({"category": "system", "content": content, "to": to, **fields})
        (published,) = await endpoints.publisher.publish([body], SYSTEM)
        return published

    async def send_mobile_only_notification(
        self,
        room_id: str,
        *,
        title: str,
        content: str,
        data: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> Published:
        """Push a notification to the mobile devices of a room's members. No list, count or stream has it.

        fields: as for `Lumen.publish`; by default the category is `system`. Raises Invalid, NotFound,
        RateLimited, Unavailable.
        """
        endpoints = await self._opened()
        given = {"category": "system", "title": title, "content": content, **fields}
        only = {"to": {"room": room_id}, "push": "only", "devices": ["mobile"]}
        body = endpoints.publisher.body({**given, "data": None if data is None else dict(data), **only})
        (published,) = await endpoints.publisher.publish([body], SYSTEM)
        return published

    async def send_direct_message(
        self,
        sender_id: str,
        recipient_id: str,
        content: str,
        *,
        sender: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> SentMessage:
        """Send a message to one user, in the direct room of the two users, which is created if needed.

        sender: how the sender is shown, `{"id", "username"?, "avatar"?}`. fields: kind, data, reply_to,
        client_id. Raises Invalid, Forbidden, Unavailable.
        """
        endpoints = await self._opened()
        body = endpoints.messenger.direct_body({"to": recipient_id, "content": content, **fields})
        return await endpoints.messenger.send_direct(_sender(sender_id, sender), body)

    async def get_user_device_info(self, user_id: str) -> list[dict[str, Any]]:
        """Return a user's open streams on all instances, oldest first: `connection_id`, `device_type`,
        `connected_at` and `instance` of each.

        device_type: `mobile`, `desktop`, `tablet`, or None. connected_at: RFC 3339. Raises Unavailable.
        """
        endpoints = await self._opened()
        return [
            {
                "connection_id": one.id,
                "device_type": one.device,
                "connected_at": rfc3339(one.connected_at),
                "instance": one.instance,
            }
            for one in await endpoints.connections.of_user(user_id)
        ]


def _sender(user_id: str | None, user: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if user is not None:
        user_id = user["id"]
    if user_id is None:
        return SYSTEM
    given = user or {}
    return {"id": user_id, "username": given.get("username") or user_id, "avatar": given.get("avatar")}
