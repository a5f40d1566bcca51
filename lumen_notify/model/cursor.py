"""Cursor: the position up to which a client has read the log, and which event was there."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lumen_notify.model.reset_reason import ResetReason

_CURSOR = re.compile(r"([0-9a-z]{1,16})-(0|[1-9][0-9]{0,17})(?:-([0-9a-z]{1,8}))?\Z")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the log: `<epoch>-<position>-<check>`, the `id:` of a frame.

    check: of the event at the position (`Event.check`). None at position 0, and in cursors of older versions:
    then the event there may be any.
    """

    epoch: str
    position: int
    check: str | None = None

    def __str__(self) -> str:
        text = f"{self.epoch}-{self.position}"
        return text if self.check is None else f"{text}-{self.check}"

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """Parse a cursor; None if it is not valid (the client then gets `reset`)."""
        match = _CURSOR.match(text)
        return cls(match[1], int(match[2]), match[3]) if match else None

    def refusal(self, *, epoch: str, floor: int, found: str | None) -> ResetReason | None:
        """Return why a log does not continue from this cursor; None if it does.

        epoch, floor: of the log. found: the check of its event at the cursor's position, None for none.
        """
        if self.epoch != epoch:
            return ResetReason.EPOCH
        if self.position < floor:
            return ResetReason.TRIMMED
        if found is None:  # at the floor there is none in a new log, or where an older version trimmed it
            return None if self.position == floor else ResetReason.AHEAD
        return ResetReason.DIVERGED if self.check not in (None, found) else None
