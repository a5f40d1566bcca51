"""Typing: `POST /rooms/{id}/typing`, for users who may post in the room.

Not here: who is notified, how often and for how long (`deliver/ephemeral/typing`, which is passed in).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.rooms import message_responses as responses
from lumen_notify.accept.rooms.message_bodies import TypingBody
from lumen_notify.accept.rooms.paths import room_id
from lumen_notify.commit.permissions import RoomAccess
from lumen_notify.http.context import Context
from lumen_notify.http.operation import MEMBERS_ONLY, READS, ROOM_ID, Operation
from lumen_notify.http.requests import sender_of
from lumen_notify.http.responses import answer
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import value

_TYPING: TypeAdapter[TypingBody] = TypeAdapter(TypingBody)


class TypingUsers(Protocol):
    """The users who are typing, as the other members see them."""

    def renew(self, room_id: str, user_id: str) -> bool:
        """Extend the status of a user who is typing; return False if the other members must be notified."""

    def set(self, room_id: str, user: Mapping[str, Any], *, is_typing: bool) -> None:
        """Set whether a user is typing, and notify the other members."""


@value
class TypingEndpoint:
    """Sets whether users are typing."""

    context: Context
    access: RoomAccess
    typing_users: TypingUsers

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/rooms/{id}/typing",
            POST=(
                self.post,
                Operation(
                    name="setTyping",
                    tag="messages",
                    summary="Set whether the caller is typing in a room",
                    description=(
                        "Nothing is stored. Repeat it while the user types: after 6 seconds it ends. The "
                        "other members are notified at most every 2 seconds."
                    ),
                    parameters=(ROOM_ID,),
                    body=TypingBody,
                    body_examples={"on": {"value": {"is_typing": True}}},
                    answered="The other members are notified.",
                    response=responses.Typing,
                    problems=(*READS, *MEMBERS_ONLY, "muted", "blocked"),
                ),
            ),
        )

    async def post(self, request: Request) -> Response:
        """Answer `POST /rooms/{id}/typing`. Raises NotFound, Forbidden."""
        principal = await self.context.caller(request)
        room = room_id(request)
        is_typing = (await self.context.body(request, _TYPING)).is_typing
        await self.set(room, sender_of(principal), is_typing=is_typing)
        typing: responses.Typing = {"is_typing": is_typing}
        return answer(typing)

    async def set(self, room_id: str, user: Mapping[str, Any], *, is_typing: bool) -> None:
        """Set whether a user is typing. Raises NotFound, Forbidden, Unavailable."""
        if is_typing and self.typing_users.renew(room_id, user["id"]):
            return  # the permission was checked at most 2 seconds ago
        await self.access.require_post(room_id, user["id"])
        self.typing_users.set(room_id, user, is_typing=is_typing)
