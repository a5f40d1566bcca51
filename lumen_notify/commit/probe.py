"""Probe: a small write that tells whether writes pass."""

from __future__ import annotations

from collections.abc import Sequence

from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import value


@value
class Probe:
    """Write one row, which no one reads. The result: None."""

    @property
    def conflict_key(self) -> str:
        """One row: one write at a time."""
        return "probe"


async def probe_writes(tx: Transaction, commands: Sequence[Probe]) -> Sequence[None]:
    """Handle Probe: a `committer.Handler`."""
    tx.add("write_probe", value=tx.now_text)
    return [None] * len(commands)
