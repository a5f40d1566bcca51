"""Cursor: the position up to which a client has read the log."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CURSOR = re.compile(r"([0-9a-z]{1,16})-(0|[1-9][0-9]{0,17})\Z")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a client is in the log: `<epoch>-<position>`, the `id:` of a frame."""

    epoch: str
    position: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.position}"

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """Read a cursor; None if it is none of ours (the client then gets `reset`)."""
        found = _CURSOR.match(text)
        return cls(found[1], int(found[2])) if found else None
