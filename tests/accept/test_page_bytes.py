"""Pages of large items: bounded in bytes, and complete when they are followed."""

from __future__ import annotations

from typing import Any

import pytest

from lumen_notify.http.pages import MAX_PAGE_BYTES
from lumen_notify.model import now_ms, rfc3339, to_json
from sites import Site

LARGE = {"text": "x" * 60_000}

HISTORY = "/api/v1/rooms/here/messages"

COUNT = 12
"""More than twice what fits into a page."""


async def get(site: Site, path: str, user: str) -> dict[str, Any]:
    answer = await site.send("GET", path, user=user)
    assert answer.status_code == 200, answer.text
    assert len(answer.content) < MAX_PAGE_BYTES + 70_000
    page: dict[str, Any] = answer.json()
    return page


async def followed(site: Site, path: str, user: str) -> tuple[list[Any], int]:
    """Return the items of all pages, and how many pages there were."""
    items: list[Any] = []
    pages = 0
    cursor = ""
    while True:
        page = await get(site, f"{path}?limit=100{cursor}", user)
        assert page["items"], "an empty page"
        items += page["items"]
        pages += 1
        if page["next_cursor"] is None:
            return items, pages
        cursor = f"&cursor={page['next_cursor']}"


@pytest.fixture
async def room(site: Site) -> Site:
    made = await site.send(
        "POST", "/api/v1/rooms", body=b'{"id":"here","kind":"public","title":"x"}', user="bob"
    )
    assert made.status_code == 201
    for number in range(COUNT):
        body = to_json({"content": str(number), "data": LARGE}).encode()
        assert (await site.send("POST", HISTORY, body=body, user="bob")).status_code == 201
    return site


async def test_inbox_is_complete_in_pages_of_bounded_bytes(site: Site) -> None:
    ids = [await site.publish("carol", str(number), data=LARGE) for number in range(COUNT)]
    items, pages = await followed(site, "", "carol")
    assert [item["id"] for item in items] == ids[::-1]
    assert 3 <= pages <= 4


async def test_scheduled_notifications_are_complete_in_pages_of_bounded_bytes(site: Site) -> None:
    later = rfc3339(now_ms() + 3_600_000)
    ids = [await site.publish("carol", "x", data=LARGE, deliver_at=later) for _ in range(COUNT)]
    items, pages = await followed(site, "/scheduled", "alice")
    assert sorted(item["id"] for item in items) == sorted(ids)
    assert 3 <= pages <= 4


async def test_history_is_complete_in_pages_of_bounded_bytes(room: Site) -> None:
    seqs: list[int] = []
    pages = 0
    before = ""
    while not pages or before:
        page = await get(room, f"{HISTORY}?limit=100{before}", "bob")
        pages += 1
        seqs = [*(item["seq"] for item in page["items"]), *seqs]
        before = f"&cursor={page['next_cursor']}" if page["next_cursor"] else ""
        assert page["next_cursor"] == (f"messages:before-{seqs[0]}" if seqs[0] > 1 else None)
    assert seqs == list(range(1, COUNT + 1))
    assert 3 <= pages <= 4


async def test_history_after_a_message_goes_on_with_the_next(room: Site) -> None:
    seqs: list[int] = []
    while len(seqs) < COUNT:
        last = seqs[-1] if seqs else 0
        page = await get(room, f"{HISTORY}?limit=100&after={last}", "bob")
        seqs += [item["seq"] for item in page["items"]]
        assert page["next_cursor"] == (f"messages:after-{seqs[-1]}" if len(seqs) < COUNT else None)
    assert seqs == list(range(1, COUNT + 1))


async def test_history_around_a_message_has_it_and_its_neighbours(room: Site) -> None:
    page = await get(room, f"{HISTORY}?limit=100&around=6", "bob")
    seqs = [item["seq"] for item in page["items"]]
    assert seqs == list(range(seqs[0], seqs[-1] + 1))
    assert {5, 6} <= set(seqs)
    assert 4 <= len(seqs) < COUNT
    assert page["next_cursor"] == f"messages:before-{seqs[0]}"
