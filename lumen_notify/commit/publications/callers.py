"""Callers: who may change a notification after it was published, and take it back.

Its publisher is the user whose token published it. They still need what publishing needs: the scope
`notify:publish`, or that it is for themselves, or for a room of which they are owner or moderator now. With
the scope `notify:admin`, any caller may.
"""

from __future__ import annotations

from lumen_notify.commit.audit.audit import Action, note, target
from lumen_notify.commit.permissions import load_room_contexts, require_room
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Refused
from lumen_notify.model import Audience, value


@value
class Caller:
    """Who asks. may_publish, is_admin: whether their token has the scope."""

    user_id: str
    may_publish: bool = False
    is_admin: bool = False

    @property
    def publisher(self) -> str | None:
        """The publisher whose notifications they may change; None for those of all."""
        return None if self.is_admin else self.user_id

    def note(self, tx: Transaction, action: Action, notification_id: str) -> bool:
        """Note what they do to a notification, if they are an administrator; return whether they are."""
        if self.is_admin:
            note(tx, action, self.user_id, target("notification", notification_id))
        return self.is_admin

    async def may_change(self, tx: Transaction, publisher: str | None, audience: Audience) -> bool:
        """Return whether they may change what a publisher has published to an audience."""
        if self.is_admin:
            return True
        if publisher != self.user_id:
            return False
        return self.may_publish or await self._may_without_scope(tx, audience)

    async def _may_without_scope(self, tx: Transaction, audience: Audience) -> bool:
        room_id = audience.room_id
        if room_id is None:
            return audience.user_id == self.user_id
        rooms = await load_room_contexts(tx, [(room_id, self.user_id)])
        try:
            require_room(rooms.get(0)).require_moderator()
        except Refused:
            return False
        return True
