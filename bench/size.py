"""Size: the numbers of one comparison."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The numbers of one comparison.

    core: the CPU core of the server; the load has another. wide, many: streams in the set-ups of these names.
    publishers: concurrent publishers in `many`. seconds: of a throughput measurement. latency_publishes: one
    per second, in `wide`. messages: sequential publishes to one user, in `few`. max_attempts: attempts at a
    measurement that other programs disturb; 1 measures once, without waiting for an idle machine.
    """

    core: int
    wide: int = 10_000
    many: int = 1_000
    publishers: int = 8
    seconds: float = 5.0
    latency_publishes: int = 10
    messages: int = 1_000
    max_attempts: int = 3
