"""Merging: tells of the rows that have merged with something untold, within a second.

Promises: none is forgotten, also after a restart; a row that was read in the meantime comes back to the top,
unread, because what it merged with had been told to nobody.

Not here: the rows, and what merges with them at once (`groups`).
"""

from __future__ import annotations

from collections.abc import Sequence

from lumen_notify.commit.notifications.grouping import Groups
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import value

STEP_ROWS = 250
"""Rows that one step tells of: some 10 ms of the writer's time."""


@value
class Tell:
    """Tell of one step of what has merged untold. The result: how many rows that were."""

    @property
    def conflict_key(self) -> str:
        """One a transaction: a step is to stay small."""
        return "tell"


async def tell(tx: Transaction, commands: Sequence[Tell]) -> Sequence[int]:
    """Tell of what has merged untold: a `committer.Handler`, to stand beside `publish`."""
    groups = await Groups.untold(tx, STEP_ROWS)
    await groups.clear(tx)
    await groups.tell(tx)
    groups.write(tx)
    return [len(groups)] * len(commands)
