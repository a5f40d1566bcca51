"""Exchange: the figures of all instances, sent to each other while an administrator watches.

Each second an instance with watchers sends `figures_wanted`, and every instance that has heard it lately
sends its `figures`. Both are messages of the backplane, and may be lost: an instance that is not heard for
STALE_SECONDS is left out until it is heard again. Without watchers nothing is read and nothing is sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter, ValidationError

from lumen_notify.metrics.figures import Figures

WANTED = "figures_wanted"
FIGURES = "figures"
"""The names of the messages."""

WANTED_SECONDS = 5.0
"""For how long an instance answers one message."""

STALE_SECONDS = 5.0

KEPT = 11
"""The newest figures of an instance that are kept: of ten seconds."""

APART_SECONDS = 0.5
"""The least time between two reads: what is per second would be by chance in a shorter one."""

MAX_INSTANCES = 200
"""Instances whose figures are kept."""

_KINDS = ("notification", "message")
"""The kinds of events that watchers are shown."""

_FIGURES: TypeAdapter[Figures] = TypeAdapter(Figures)


class Exchange:
    """Sends and keeps figures. instance: the name of this one. read: returns its figures. send: a message to
    the others. clock: monotonic seconds. on_wanted: called when another instance begins to watch."""

    def __init__(
        self,
        instance: str,
        read: Callable[[], Figures],
        send: Callable[[str, Mapping[str, Any]], None],
        *,
        clock: Callable[[], float],
        on_wanted: Callable[[], None],
    ) -> None:
        self._instance = instance
        self._read = read
        self._send = send
        self._clock = clock
        self._on_wanted = on_wanted
        self._wanted_until = float("-inf")
        self._kept: dict[str, deque[Figures]] = {}
        self._heard_at: dict[str, float] = {}

    @property
    def is_wanted(self) -> bool:
        """Whether another instance watches."""
        return self._clock() < self._wanted_until

    def want(self) -> None:
        """Ask the other instances for their figures."""
        self._send(WANTED, {})

    def read(self) -> None:
        """Read the figures of this instance, unless it has just been done; keep them, and send them if
        another one watches."""
        now = self._clock()
        if now - self._heard_at.get(self._instance, float("-inf")) < APART_SECONDS:
            return
        figures = self._read()
        self._keep(self._instance, figures)
        if self.is_wanted:
            self._send(FIGURES, {"instance": self._instance, "figures": encode(figures)})

    def kept(self) -> Mapping[str, Sequence[Figures]]:
        """Return the figures of each instance that was heard lately, oldest first, by its name."""
        now = self._clock()
        for instance in [one for one, at in self._heard_at.items() if now - at > STALE_SECONDS]:
            del self._heard_at[instance], self._kept[instance]
        return {instance: tuple(figures) for instance, figures in sorted(self._kept.items())}

    def forget(self) -> None:
        """Drop all figures: nobody watches any more."""
        self._kept.clear()
        self._heard_at.clear()

    def receive_wanted(self, _fields: Mapping[str, Any]) -> None:
        """Take note that another instance watches."""
        was_wanted = self.is_wanted
        self._wanted_until = self._clock() + WANTED_SECONDS
        if not was_wanted:
            self._on_wanted()

    def receive(self, fields: Mapping[str, Any]) -> None:
        """Keep the figures of another instance. Raises ValueError if the fields are none."""
        match fields:
            case {"instance": str(instance), "figures": dict(figures)}:
                self._keep(instance, decode(figures))
            case _:
                raise ValueError("no figures")

    def _keep(self, instance: str, figures: Figures) -> None:
        if instance not in self._kept and len(self._kept) >= MAX_INSTANCES:
            return
        self._kept.setdefault(instance, deque(maxlen=KEPT)).append(figures)
        self._heard_at[instance] = self._clock()


def encode(figures: Figures) -> dict[str, Any]:
    """Return figures as JSON values, without what watchers are not shown: some 1,000 bytes."""
    outcomes: dict[str, int] = {}
    for (*_, outcome), number in figures.pushes_total.items():
        outcomes[outcome] = outcomes.get(outcome, 0) + number
    return {
        **asdict(figures),
        "events_total": {kind: figures.events_total.get(kind, 0) for kind in _KINDS},
        "ended_total": {reason: number for reason, number in figures.ended_total.items() if number},
        "pushes_total": outcomes,
    }


def decode(fields: Mapping[str, Any]) -> Figures:
    """Read what `encode` has written. Raises ValueError."""
    try:
        pushes = {(outcome,): number for outcome, number in fields.get("pushes_total", {}).items()}
        return _FIGURES.validate_python({**fields, "pushes_total": pushes})
    except (ValidationError, AttributeError) as error:
        raise ValueError(f"no figures: {type(error).__name__}") from None
