"""Shared texts: a text that groups and digests of several users show is stored once, as long as it is used.

Promises: a text is written with the first rows that refer to it, and deleted with the last; nobody rewrites
it: a change of what some users see is a new text. The number of its uses is that of the rows with its id:
events, notifications, parts of groups and items of digests.

Not here: what a text looks like (`model/shared_text`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from lumen_notify.commit.database import SqlTransaction
from lumen_notify.model.shared_text import SharedText


class SharedTexts:
    """The texts that one transaction writes, uses and releases."""

    __slots__ = ("_new", "_transaction", "_uses")

    def __init__(self, transaction: SqlTransaction) -> None:
        self._transaction = transaction
        self._new: dict[str, SharedText] = {}
        self._uses: Counter[str] = Counter()

    def share(self, fields: Mapping[str, Any]) -> SharedText:
        """Make a text of a publication's fields, at least one. It is written if something uses it."""
        text = SharedText.of(fields)
        self._new[text.id] = text
        return text

    def use(self, text_id: str | None, number: int = 1) -> None:
        """Count rows that refer to a text; None: to none."""
        if text_id is not None:
            self._uses[text_id] += number

    def release(self, text_id: str | None, number: int = 1) -> None:
        """Count rows that no longer refer to a text; None: to none."""
        self.use(text_id, -number)

    async def load(self, text_ids: Iterable[str | None]) -> Mapping[str, SharedText]:
        """Load texts by their ids; None is skipped."""
        wanted = set(text_ids) - {None}
        found = {id_: self._new[id_] for id_ in wanted if id_ in self._new}
        rows = [{"id": id_} for id_ in sorted(wanted - found.keys(), key=str)]
        if rows:
            for id_, text in await self._transaction.run("shared_texts", rows=rows):
                found[id_] = SharedText(id=id_, text=text)
        return {str(id_): text for id_, text in found.items()}

    def write(self) -> None:
        """Write new texts and the numbers of uses; delete texts that nothing uses any more."""
        if not self._uses:
            return
        changed = {id_: number for id_, number in self._uses.items() if number and id_ not in self._new}
        new = [
            {"id": id_, "uses": self._uses[id_], "text": one.text}
            for id_, one in self._new.items()
            if self._uses[id_] > 0
        ]
        released = [{"id": id_} for id_, number in changed.items() if number < 0]
        statements = {
            "insert_shared_texts": new,
            "change_uses": [{"id": id_, "uses": number} for id_, number in changed.items()],
            "delete_unused_texts": released,
        }
        for name, rows in statements.items():
            if rows:
                self._transaction.add(name, rows=rows)
