"""Size: how much of everything one comparison takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """`core`: the server's; the load keeps its own. `wide`, `many`: streams.

    `beats`: publishes, one a second. `messages`: publishes to one user, one after the other.
    `tries`: how often a measurement is made at most while other programs disturb it; 1: once, without
    waiting for quiet.
    """

    core: int
    wide: int = 10_000
    many: int = 1_000
    publishers: int = 8
    seconds: float = 5.0
    beats: int = 10
    messages: int = 1_000
    tries: int = 3
