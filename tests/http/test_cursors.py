"""Cursors: a cursor is read back as it was made, and that of another list is refused by name."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from starlette.requests import Request

from lumen_notify.accept.notifications import inbox, schedule
from lumen_notify.accept.preferences import categories
from lumen_notify.accept.rooms import bans, blocks, history, members, rooms
from lumen_notify.deliver.streams import connections
from lumen_notify.errors import Invalid
from lumen_notify.http.cursors import NumberCursor
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
        cursor.read(Query(request(cursor.at(text))))
    assert caught.value.faults[0].field == "cursor"


def test_first_page_starts_beyond_every_row() -> None:
    assert inbox.CURSOR.read(Query(request(None))) == (2**63 - 1, "")
    assert rooms.CURSOR.read(Query(request(None))) == (10**15, "")
    assert schedule.CURSOR.read(Query(request(None))) == (0, "")


OF_LISTS = (
    inbox.CURSOR,
    schedule.CURSOR,
    rooms.CURSOR,
    members.CURSOR,
    bans.CURSOR,
    history.MESSAGES_CURSOR,
    history.READS_CURSOR,
    blocks.CURSOR,
    categories.CURSOR,
    connections.CURSOR,
)


def test_cursor_of_another_list_is_refused_by_name() -> None:
    for one in OF_LISTS:
        for other in OF_LISTS:
            if other is not one:
                with pytest.raises(Invalid) as caught:
                    one.place(Query(request(other.at("1"))))
                name, other_name = (cursor.at("").removesuffix(":") for cursor in (one, other))
                expected = f"must be the next_cursor of this list (`{name}`), not of the list `{other_name}`"
                assert caught.value.message == expected


def test_cursor_by_user_takes_any_user_id() -> None:
    assert members.CURSOR.place(Query(request(None))) is None
    assert members.CURSOR.place(Query(request("members:ann/b é"))) == "ann/b é"
    for text in ("members:a\nb", "members:", "ann", f"members:{'a' * 129}"):
        with pytest.raises(Invalid, match="must be the next_cursor of the previous page"):
            members.CURSOR.place(Query(request(text)))
