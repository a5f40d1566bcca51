"""Memory backplane: for a service of one process, which has nobody to tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lumen_notify.model import Event


class MemoryBackplane:
    """A backplane without other instances."""

    def announce(self, events: Sequence[Event], follows: str | None) -> None:
        """Do nothing: the caller's own tail knows the events."""

    def send(self, name: str, fields: Mapping[str, Any]) -> None:
        """Do nothing: nobody else is here."""

    async def run(self) -> None:
        """Return at once: nothing has to be kept connected."""
