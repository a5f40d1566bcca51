"""Pages: the limit and the cursor of a list, in requests and in the OpenAPI document.

The response of a list is `{"items": [...], "next_cursor": ...}`. A page ends at its limit, or at
MAX_PAGE_BYTES: it then has fewer items and a cursor. A cursor is opaque to clients. It has one of two forms:

    <number>-<id>   a time or a position, and the id that orders rows with the same number
    <user id>       the last user of the page, in lists ordered by user id
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.errors import Invalid
from lumen_notify.http.fields import UserId
from lumen_notify.http.operation import query
from lumen_notify.http.requests import DEFAULT_PAGE, MAX_PAGE, Query
from lumen_notify.http.responses import answer_text
from lumen_notify.model import UUID_PATTERN, canonical_id, to_json
from lumen_notify.model.encoding import encoded_bytes

UUID_KEY = UUID_PATTERN
MAX_MS = 10**15 - 1
"""The highest time in a cursor, in milliseconds."""

SLUG_KEY = f"([a-z0-9_.-]{{1,64}}|{UUID_PATTERN})"

MAX_PAGE_BYTES = 256 * 1024
"""How much the items of one page may have, unless the first has more. A client that does not read its
response holds a page in memory."""

_USER: TypeAdapter[str] = TypeAdapter(UserId)
_CURSOR_OF = "The `next_cursor` of the previous page."

LIMIT = query(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": DEFAULT_PAGE},
    "The maximum number of items on the page.",
)
"""The parameter `limit` of every list."""

USER_CURSOR = query("cursor", UserId, _CURSOR_OF)
"""The parameter `cursor` of lists ordered by user id."""


class NumberCursor:
    """Cursors of the form `<number>-<id>`.

    start: where the first page starts. highest: the highest number. key: the pattern of the id.
    is_key_optional: the number may stand alone; the id is then empty.
    """

    def __init__(
        self, start: tuple[int, str], *, highest: int, key: str, is_key_optional: bool = False
    ) -> None:
        self._start = start
        self._highest = highest
        end = f"(-{key})?" if is_key_optional else f"-{key}"
        self._regex = re.compile(rf"[0-9]{{1,19}}{end}\Z")
        digits = len(str(highest + 1)) - 1  # a pattern limits digits, not values
        pattern = f"^[0-9]{{1,{digits}}}{end}$"
        self.parameter = query("cursor", {"type": "string", "pattern": pattern}, _CURSOR_OF)

    def read(self, values: Query) -> tuple[int, str]:
        """Take the cursor from a query: (number, id). Raises Invalid."""
        text = values.text("cursor")
        if text is None:
            return self._start
        number, _, id_ = text.partition("-")
        if not self._regex.match(text) or int(number) > self._highest:
            raise _not_a_cursor()
        return int(number), canonical_id(id_)

    @staticmethod
    def text(number: int, id_: str = "") -> str:
        """Make a cursor. id_: empty for none."""
        return f"{number}-{id_}" if id_ else str(number)


class _OfUser(Protocol):
    @property
    def user_id(self) -> str: ...


Row = TypeVar("Row")
UserRow = TypeVar("UserRow", bound=_OfUser)


def fitting(items: Iterable[str], max_bytes: int = MAX_PAGE_BYTES) -> list[str]:
    """Return the first items that fit into a page, but at least one."""
    fit: list[str] = []
    for item in items:
        max_bytes -= encoded_bytes(item)
        if max_bytes < 0 and fit:
            break
        fit.append(item)
    return fit


def answer_page(items: Sequence[str], next_cursor: str | None) -> Response:
    """Answer with a page of items, each of them JSON."""
    return answer_text(f'{{"items":[{",".join(items)}],"next_cursor":{to_json(next_cursor)}}}')


def answer_rows(
    rows: Sequence[Row], limit: int, *, item: Callable[[Row], str], cursor: Callable[[Row], str]
) -> Response:
    """Answer with the page of the first rows.

    rows: one more than the limit if there is a next page. item: makes the JSON of a row. cursor: makes the
    cursor of the page that begins after a row.
    """
    items = fitting(map(item, rows[:limit]))
    return answer_page(items, cursor(rows[len(items) - 1]) if len(items) < len(rows) else None)


class UserPage:
    """A page of a list ordered by user id. Raises Invalid.

    after: the user id that the page starts after. limit: the most items of the page; read one row more, so
    that `answer` knows whether a next page exists.
    """

    def __init__(self, request: Request) -> None:
        values = Query(request)
        self.limit = values.limit()
        self.after = _after(values.text("cursor"))

    def answer(self, rows: Sequence[UserRow], item: Callable[[UserRow], Mapping[str, Any]]) -> Response:
        """Answer with the page. item: makes the item of a row."""
        return answer_rows(
            rows, self.limit, item=lambda row: to_json(item(row)), cursor=lambda row: row.user_id
        )


def _after(cursor: str | None) -> str:
    try:
        return "" if cursor is None else _USER.validate_python(cursor)
    except ValidationError:
        raise _not_a_cursor() from None


def _not_a_cursor() -> Invalid:
    return Invalid("must be the next_cursor of the previous page", field="cursor")
