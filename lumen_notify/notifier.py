"""Notifier: what an application tells a conversation, by one call each, without HTTP.

The names are those of the broadcasting services that applications had before; each call is the same command
that the HTTP API makes, and returns once it is committed.

| call | the same by HTTP |
|---|---|
| broadcast_message | POST /rooms/{id}/messages |
| broadcast_typing_status | POST /rooms/{id}/typing |
| broadcast_read_status | POST /rooms/{id}/read |
| broadcast_system_notification | POST /notifications to a room or to all, category `system` |
| send_direct_message | POST /messages |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lumen_notify.api.endpoints import Endpoints
from lumen_notify.commit.notifications.publication import Published
from lumen_notify.commit.rooms.messages import Sent
from lumen_notify.commit.rooms.read_marks import RoomRead

SYSTEM = {"id": "system", "username": "system", "avatar": None}
"""Who is shown as the sender where the application names none."""


class Notifier:
    """The calls. `Lumen` is one."""

    async def _opened(self) -> Endpoints:
        raise NotImplementedError

    async def broadcast_message(
        self,
        room_id: str,
        *,
        content: str,
        sender_id: str | None = None,
        sender: Mapping[str, Any] | None = None,
        exclude_user_id: str | None = None,
        **fields: Any,
    ) -> Sent:
        """Send a message to a room.

        sender_id: a member, who may write there; or `sender`, `{"id", "username"?, "avatar"?}`. Without
        one it is a message of kind `system`. exclude_user_id: his streams do not get it, and he has read
        the room with it; None for nobody: the sender's own streams get it too, so that his other devices
        show it. fields: kind, data, reply_to, mentions, client_id. Raises Invalid, NotFound, Forbidden,
        Unavailable.
        """
        endpoints = await self._opened()
        shown = _sender(sender_id, sender)
        given = {"content": content, **({"kind": "system"} if shown is SYSTEM else {}), **fields}
        body = endpoints.messenger.body(given)
        return await endpoints.messenger.send(room_id, shown, body, but_for=exclude_user_id)

    async def broadcast_typing_status(
        self,
        room_id: str,
        user_id: str,
        *,
        is_typing: bool = True,
        user: Mapping[str, Any] | None = None,
    ) -> None:
        """Tell the others in a room whether a member is typing; it ends by itself after 6 seconds.

        user: as he is shown, `{"id", "username"?, "avatar"?}`. Raises NotFound, Forbidden, Unavailable.
        """
        endpoints = await self._opened()
        await endpoints.typing.set(room_id, _sender(user_id, user), is_typing=is_typing)

    async def broadcast_read_status(self, room_id: str, user_id: str, message_ids: Sequence[str]) -> RoomRead:
        """Read a room up to the newest of some messages, and tell its members.

        message_ids: at least one of them must be of this room. Raises NotFound, Forbidden, Unavailable.
        """
        endpoints = await self._opened()
        return await endpoints.messenger.read_messages(room_id, user_id, message_ids)

    async def broadcast_system_notification(
        self, content: str, *, room_id: str | None = None, **fields: Any
    ) -> Published:
        """Publish a notification of the category `system` to a room's members, or to everybody.

        fields: title, data, priority and the like. Raises Invalid, Unavailable.
        """
        endpoints = await self._opened()
        to = {"all": True} if room_id is None else {"room": room_id}
        body = endpoints.publisher.body({"category": "system", "content": content, "to": to, **fields})
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
    ) -> Sent:
        """Send a message to one user, in the room of the two, which is made if there is none.

        sender: as he is shown, `{"id", "username"?, "avatar"?}`. fields: kind, data, reply_to, client_id.
        Raises Invalid, Forbidden, Unavailable.
        """
        endpoints = await self._opened()
        body = endpoints.messenger.direct_body({"to": recipient_id, "content": content, **fields})
        return await endpoints.messenger.send_direct(_sender(sender_id, sender), body)


def _sender(user_id: str | None, user: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if user is not None:
        user_id = user["id"]
    if user_id is None:
        return SYSTEM
    known = user or {}
    return {"id": user_id, "username": known.get("username") or user_id, "avatar": known.get("avatar")}
