"""Defects: what is put aside for a while since it fails by a defect, and when it is given up. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Collection

ASIDE_SECONDS = 60.0
"""How long a push that fails by a defect is put aside."""

MAX_DEFECTS = 5
"""How often a page fails before it is given up: devices may have got it each time."""

REMEMBERED_SECONDS = 3600.0
"""How long failures are counted together."""


class Defects:
    """What has failed, by key. clock: monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._found: dict[
            str, tuple[float, int]
        ] = {}  # until when it is put aside, and how often it has failed

    @property
    def aside(self) -> Collection[str]:
        """What is put aside now."""
        now = self._clock()
        self._found = {
            key: found for key, found in self._found.items() if found[0] + REMEMBERED_SECONDS > now
        }
        return {key for key, (until, _) in self._found.items() if until > now}

    def add(self, key: str) -> bool:
        """Put something aside that has failed. Return whether it is to be given up."""
        number = self._found.get(key, (0.0, 0))[1] + 1
        self._found[key] = self._clock() + ASIDE_SECONDS, number
        return number >= MAX_DEFECTS

    def forget(self, key: str) -> None:
        """Forget that something has failed: it is done."""
        self._found.pop(key, None)
