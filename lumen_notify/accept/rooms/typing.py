"""Typing: `POST /rooms/{id}/typing`. Who may write in a room, may say that he does.

Not here: who is told, how often and for how long (`deliver/ephemeral/typing`, which `endpoints` passes in).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.rooms.message_bodies import TypingBody
from lumen_notify.accept.rooms.rooms import room_id
from lumen_notify.auth import Verifier
from lumen_notify.commit.permissions import Access
from lumen_notify.http.requests import caller, parse, read_body, sender_of
from lumen_notify.http.responses import answer
from lumen_notify.model import value

_TYPING: TypeAdapter[TypingBody] = TypeAdapter(TypingBody)


class TypingUsers(Protocol):
    """The users who are typing, as the other members are told."""

    def renew(self, room_id: str, user_id: str) -> bool:
        """Restart the time-out of a user who is typing already; return False if `set` is needed instead."""

    def set(self, room_id: str, user: Mapping[str, Any], *, is_typing: bool) -> None:
        """Record whether a user is typing."""


@value
class TypingEndpoint:
    """Takes what users say of their typing."""

    verifier: Verifier
    access: Access
    typing_users: TypingUsers
    max_body_bytes: int

    async def post(self, request: Request) -> Response:
        """Answer `POST /rooms/{id}/typing`. Raises NotFound, Forbidden."""
        principal = await caller(request, self.verifier)
        room = room_id(request)
        is_typing = parse(_TYPING, await read_body(request, self.max_body_bytes)).is_typing
        await self.set(room, sender_of(principal), is_typing=is_typing)
        return answer({"is_typing": is_typing})

    async def set(self, room_id: str, user: Mapping[str, Any], *, is_typing: bool) -> None:
        """Tell the others in a room whether a user types. Raises NotFound, Forbidden, Unavailable."""
        if is_typing and self.typing_users.renew(room_id, user["id"]):
            return  # it was looked up two seconds ago
        await self.access.require_write(room_id, user["id"])
        self.typing_users.set(room_id, user, is_typing=is_typing)
