"""Pages: a page ends at its limit or at its bytes, and has the cursor of its last row."""

from __future__ import annotations

import json

import pytest
from starlette.requests import Request

from lumen_notify.http import pages
from lumen_notify.http.cursors import Cursor
from lumen_notify.http.pages import KeyPage, answer_rows, fitting


def test_short_list_comes_in_pages_in_order() -> None:
    found: list[str] = []
    query = "limit=2"
    while query:
        request = Request({"type": "http", "query_string": query.encode(), "headers": []})
        page = KeyPage(request, Cursor("letters", "[a-z]"), str)
        answer = json.loads(bytes(page.answer_all("dbeac", lambda row: {"letter": row}).body))
        found += [item["letter"] for item in answer["items"]]
        cursor = answer["next_cursor"]
        query = f"limit=2&cursor={cursor}" if cursor else ""
    assert found == list("abcde")


def test_page_ends_before_it_has_too_many_bytes() -> None:
    assert fitting(["1234", "5678", "90", "0"], 10) == ["1234", "5678", "90"]
    assert fitting(["\u00e9\u00e9", "\u00e9\u00e9", "\u00e9\u00e9"], 10) == ["\u00e9\u00e9"] * 2, (
        "bytes, not characters"
    )
    assert fitting(["longer than ten bytes", "1"], 10) == ["longer than ten bytes"], "at least one item"
    assert fitting([], 10) == []


@pytest.mark.parametrize(
    ("sizes", "limit", "items", "cursor"),
    [
        ([4, 4], 2, [4, 4], None),
        ([4, 4, 4], 2, [4, 4], "1"),
        ([4, 4, 4], 3, [4, 4], "1"),
        ([40, 4], 2, [40], "0"),
        ([40], 2, [40], None),
        ([], 2, [], None),
    ],
)
def test_shorter_page_has_the_cursor_of_its_last_row(
    monkeypatch: pytest.MonkeyPatch, sizes: list[int], limit: int, items: list[int], cursor: str | None
) -> None:
    monkeypatch.setattr(pages.fitting, "__defaults__", (10,))
    rows = list(enumerate(sizes))
    response = answer_rows(rows, limit, item=lambda row: "1" * row[1], cursor=lambda row: str(row[0]))
    page = json.loads(bytes(response.body))
    assert [len(str(item)) for item in page["items"]] == items
    assert page["next_cursor"] == cursor
