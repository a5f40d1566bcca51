"""Cursor: the position up to which a client has read the log."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CURSOR = re.compile(r"([0-9a-z]{1,16})-(0|[1-9][0-9]{0,17})\Z")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A client's place in the log: `<epoch>-<position>`, the `id:` of a frame."""

    epoch: str
    position: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.position}"

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """Parse a cursor; None if it is not valid (the client then gets `reset`)."""
        match = _CURSOR.match(text)
        return cls(match[1], int(match[2])) if match else None
