"""Unreliable backplane: loses, doubles, delays or reorders what an instance tells the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from lumen_notify.deliver.backplane.backplane import Backplane
from lumen_notify.model import Event

Way = Literal["whole", "lost", "doubled", "late", "reversed"]

HELD = 3
"""How many announcements are held back before they are sent, late or in reverse."""


class UnreliableBackplane:
    """Stands in front of an instance's backplane. way: what happens to the next announcements."""

    def __init__(self, backplane: Backplane) -> None:
        self.way: Way = "whole"
        self._backplane = backplane
        self._held: list[tuple[Sequence[Event], str | None]] = []

    def announce(self, events: Sequence[Event], follows: str | None) -> None:
        if self.way == "lost":
            return
        if self.way in {"whole", "doubled"}:
            self._backplane.announce(events, follows)
        if self.way == "doubled":
            self._backplane.announce(events, follows)
        if self.way in {"late", "reversed"}:
            self._held.append((events, follows))
            if len(self._held) >= HELD:
                self.release()

    def release(self) -> None:
        """Send what was held back."""
        held, self._held = self._held, []
        for events, follows in held if self.way == "late" else reversed(held):
            self._backplane.announce(events, follows)

    def send(self, name: str, fields: Mapping[str, Any]) -> None:
        self._backplane.send(name, fields)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backplane, name)
