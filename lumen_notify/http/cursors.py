"""Cursors: the places in lists, as the text that `next_cursor` gives and `cursor` takes back.

A cursor is `<list>:<place>`, opaque to clients. The name of the list is part of it, so that the cursor of
another list is refused, instead of starting a page at a place that means something else there.
"""

from __future__ import annotations

import re

from lumen_notify.errors import Invalid
from lumen_notify.http.fields import USER_ID_PATTERN
from lumen_notify.http.operation import query
from lumen_notify.http.requests import Query
from lumen_notify.model import UUID_PATTERN, canonical_id

MAX_MS = 10**15 - 1
"""The highest time in a cursor, in milliseconds."""

UUID_KEY = UUID_PATTERN
SLUG_KEY = f"([a-z0-9_.-]{{1,64}}|{UUID_PATTERN})"
USER_KEY = USER_ID_PATTERN

_LIST = re.compile(r"([a-z]{1,20}):")


class Cursor:
    """The cursors of one list. name: of the list. pattern: of the place, in Python and in JSON schema.

    parameter: the description of the query parameter `cursor`.
    """

    def __init__(self, name: str, pattern: str, *, described: str = "") -> None:
        self._name = name
        self._regex = re.compile(rf"{name}:({pattern})\Z")
        schema = {"type": "string", "pattern": f"^{name}:{described or pattern}$"}
        self.parameter = query("cursor", schema, "The `next_cursor` of the previous page.")

    def place(self, values: Query) -> str | None:
        """Take the cursor from a query; return its place, or None for the first page. Raises Invalid."""
        text = values.text("cursor")
        if text is None:
            return None
        if found := self._regex.match(text):
            return found[1]
        raise self.refusal(text)

    def refusal(self, text: str) -> Invalid:
        """Return the refusal of a text that is no cursor of this list."""
        other = _LIST.match(text)
        if other is not None and other[1] != self._name:
            problem = f"must be the next_cursor of this list (`{self._name}`), not of the list `{other[1]}`"
        else:
            problem = "must be the next_cursor of the previous page"
        return Invalid(problem, field="cursor")

    def at(self, place: str) -> str:
        """Make the cursor of a place."""
        return f"{self._name}:{place}"


class NumberCursor(Cursor):
    """Cursors of the form `<list>:<number>-<id>`: a time or a position, and the id that orders equal ones.

    start: where the first page starts. highest: the highest number. key: the pattern of the id.
    is_key_optional: the number may stand alone; the id is then empty.
    """

    def __init__(
        self, name: str, start: tuple[int, str], *, highest: int, key: str, is_key_optional: bool = False
    ) -> None:
        end = f"(-{key})?" if is_key_optional else f"-{key}"
        digits = len(str(highest + 1)) - 1  # a pattern limits digits, not values
        super().__init__(name, f"[0-9]{{1,19}}{end}", described=f"[0-9]{{1,{digits}}}{end}")
        self._start = start
        self._highest = highest

    def read(self, values: Query) -> tuple[int, str]:
        """Take the cursor from a query: (number, id). Raises Invalid."""
        place = self.place(values)
        if place is None:
            return self._start
        number, _, id_ = place.partition("-")
        if int(number) > self._highest:
            raise self.refusal("")
        return int(number), canonical_id(id_)

    def text(self, number: int, id_: str = "") -> str:
        """Make a cursor. id_: empty for none."""
        return self.at(f"{number}-{id_}" if id_ else str(number))
