"""Pages: a cursor is read back as it was made, and anything else is refused."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest
from starlette.requests import Request

from lumen_notify.accept.notifications import inbox, schedule
from lumen_notify.accept.rooms import rooms
from lumen_notify.errors import Invalid
from lumen_notify.http import pages
from lumen_notify.http.pages import NumberCursor, UserPage, answer_rows, fitting
from lumen_notify.http.requests import Query

ID = "01923456-0000-7000-8000-000000000000"


def request(cursor: str | None) -> Request:
    query = "" if cursor is None else f"cursor={quote(cursor)}"
    return Request({"type": "http", "query_string": query.encode(), "headers": []})


CURSORS = [
    pytest.param(inbox.CURSOR, 41, "", id="inbox"),
    pytest.param(inbox.CURSOR, 41, ID, id="inbox, several at one position"),
    pytest.param(schedule.CURSOR, 1_793_000_000_000, ID, id="schedule"),
    pytest.param(rooms.CURSOR, 1_793_000_000_000, "general", id="rooms"),
]


@pytest.mark.parametrize(("cursor", "number", "key"), CURSORS)
def test_cursor_is_read_as_it_was_made_and_as_described(cursor: NumberCursor, number: int, key: str) -> None:
    text = cursor.text(number, key)
    assert cursor.read(Query(request(text))) == (number, key)
    assert re.search(cursor.parameter["schema"]["pattern"], text)


@pytest.mark.parametrize(("cursor", "number", "key"), CURSORS)
@pytest.mark.parametrize("text", ["", "-", "x", "-1", "1-\u00e9", "9" * 19 + f"-{ID}", "\u0663", f"1-{ID}\n"])
def test_what_is_no_cursor_is_refused(cursor: NumberCursor, number: int, key: str, text: str) -> None:
    with pytest.raises(Invalid) as caught:
        cursor.read(Query(request(text)))
    assert caught.value.faults[0].field == "cursor"


def test_first_page_starts_beyond_every_row() -> None:
    assert inbox.CURSOR.read(Query(request(None))) == (2**63 - 1, "")
    assert rooms.CURSOR.read(Query(request(None))) == (10**15, "")
    assert schedule.CURSOR.read(Query(request(None))) == (0, "")


def test_page_by_user_starts_after_any_user_id() -> None:
    assert UserPage(request(None)).after == ""
    assert UserPage(request("ann/b é")).after == "ann/b é"
    with pytest.raises(Invalid):
        UserPage(request("a\nb"))


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
