"""Pages: the limit of a list, and its response.

The response of a list is `{"items": [...], "next_cursor": ...}`. A page ends at its limit, or at
MAX_PAGE_BYTES: it then has fewer items and a cursor (`cursors`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.http.cursors import Cursor
from lumen_notify.http.operation import query
from lumen_notify.http.requests import DEFAULT_PAGE, MAX_PAGE, Query
from lumen_notify.http.responses import answer_text
from lumen_notify.model import to_json
from lumen_notify.model.encoding import encoded_bytes

MAX_PAGE_BYTES = 256 * 1024
"""How much the items of one page may have, unless the first has more. A client that does not read its
response holds a page in memory."""

LIMIT = query(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": DEFAULT_PAGE},
    "The maximum number of items on the page.",
)
"""The parameter `limit` of every list."""

Row = TypeVar("Row")


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


def answer_items(
    rows: Sequence[Row],
    after: str | None,
    *,
    item: Callable[[Row], Mapping[str, Any]],
    cursor: Cursor,
    key: Callable[[Row], str],
) -> Response:
    """Answer with a page that knows where the next one begins.

    after: the place after which it does; None on the last page. key: returns the place of a row, for a page
    that ends before its last row because of its bytes.
    """
    items = fitting(to_json(item(row)) for row in rows)
    if len(items) < len(rows):
        after = key(rows[len(items) - 1])
    return answer_page(items, None if after is None else cursor.at(after))


class KeyPage(Generic[Row]):
    """A page of a list in the order of a text: user ids, names, ids. Raises Invalid.

    cursor: of the list. key: returns the text of a row. after: the text that the page starts after. limit:
    the most items of the page; read one row more, so that `answer` knows whether a next page exists.
    """

    def __init__(self, request: Request, cursor: Cursor, key: Callable[[Row], str]) -> None:
        values = Query(request)
        self.limit = values.limit()
        self.after = cursor.place(values) or ""
        self._cursor = cursor
        self._key = key

    def answer(self, rows: Sequence[Row], item: Callable[[Row], Mapping[str, Any]]) -> Response:
        """Answer with the page. item: makes the item of a row."""
        return answer_rows(
            rows,
            self.limit,
            item=lambda row: to_json(item(row)),
            cursor=lambda row: self._cursor.at(self._key(row)),
        )

    def answer_all(self, rows: Iterable[Row], item: Callable[[Row], Mapping[str, Any]]) -> Response:
        """Answer with the page out of all rows of a short list. rows: in any order."""
        left = sorted((row for row in rows if self._key(row) > self.after), key=self._key)
        return self.answer(left, item)
