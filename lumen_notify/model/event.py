"""Event: one row of the log.

Not here: what each kind of event carries (`events`), how it looks on the wire (`deliver/frames`).
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

from lumen_notify.model.audience import Audience
from lumen_notify.model.shared_text import SharedText
from lumen_notify.model.value import value

USER_BYTES = 150
"""About how much memory a user of a list takes: the id, and a place in a set."""


@value
class Event:
    """One row of the log, immutable once committed.

    position: from 1, gapless. kind: see `model/events`. category: of a notification, else None. body: JSON,
    the encoded `Payload`. created_at: milliseconds. content_position: the position of the last event that has
    the same body, if several share it, else None; `body` is then one object for all of them. shared: the
    texts that stand in the body in place of their ids (see `shared_text`). users: to whom an event for a list
    goes. withdrawn: those of them for whom its text was withdrawn.
    """

    position: int
    audience: Audience
    kind: str
    category: str | None
    body: str
    created_at: int
    content_position: int | None = None
    shared: tuple[SharedText, ...] = ()
    users: Sequence[str] = ()
    withdrawn: frozenset[str] = frozenset()

    @property
    def has_own_body(self) -> bool:
        """Whether its body counts where the memory of events is summed up: a shared one counts once."""
        return self.content_position is None or self.content_position == self.position

    @property
    def text_characters(self) -> int:
        """How long it is with the texts that it shares."""
        return len(self.body) + (sum(len(one.text) for one in self.shared) if self.shared else 0)

    @property
    def users_bytes(self) -> int:
        """About how much memory the users of a list take."""
        return USER_BYTES * len(self.users)

    @property
    def check(self) -> str:
        """Tells this event from another one at the same position: see `check_of`."""
        return check_of(self.audience, self.created_at)


def characters_of(events: Sequence[Event]) -> int:
    """Return about how much memory events take: what several of them share counts once."""
    texts = {id(text): len(text.text) for event in events if event.shared for text in event.shared}
    bodies = sum(len(event.body) for event in events if event.has_own_body)
    return bodies + sum(texts.values()) + sum(event.users_bytes for event in events)


def check_of(audience: str, created_at: int) -> str:
    """Return a short text that tells an event from another one at the same position, in a log that has gone
    on from an older copy: that one was appended at another time.

    It does not depend on the body, which is rewritten when what it says is edited or deleted. The audience of
    an event for a user who was deleted has the check.
    """
    if (check := Audience(audience).check) is not None:
        return check
    return f"{crc32(f'{created_at} {audience}'.encode()) & 0xFFFFFF:06x}"


def check_of_row(audience: str | None, created_at: int | None) -> str | None:
    """Return the check of an event as a row states it; None if the row says that there is no event."""
    return None if audience is None or created_at is None else check_of(audience, created_at)
