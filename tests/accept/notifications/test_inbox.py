"""Inbox by HTTP: users list and mark their own notifications, and nobody else's."""

from __future__ import annotations

import json

from clients import contents
from lumen_notify.model import new_id
from sites import OpenSite, Site, refused

from ..publications import body_with, case


async def test_notifications_of_other_users_are_not_found_and_not_marked(stored: Site) -> None:
    ids = [item["id"] for item in await stored.api("bob").pages()]
    async with stored.unchanged():
        for id_ in ids:
            refused(await stored.send("GET", f"/{id_}", user="eve"), 404, "not_found")
            body = b'{"is_read": true}'
            refused(await stored.send("PUT", f"/{id_}", body=body, user="eve"), 404, "not_found")
        for action in ("read", "seen", "archive"):
            marked = await stored.api("eve").post(f"/{action}", {"ids": ids})
            assert marked["changed"] == 0
            assert marked["unread_count"] == 0
            for selection in ({"all": True}, {"category": "like"}, {"up_to": 10**6}):
                assert (await stored.api("eve").post(f"/{action}", selection))["changed"] == 0


ODD_IDS = (
    "x",
    "%00",
    "%ff",
    "%ed%a0%80",
    "a" * 3000,
    "%F0%9F%98%80",
    "..%2f..",
    "'",
    "0",
    new_id(),
    "0" * 32,
)


async def test_odd_id_in_the_path_is_not_found(stored: Site) -> None:
    async with stored.unchanged():
        for id_ in ODD_IDS:
            with case(id_):
                for method, body in (("GET", None), ("PUT", b'{"is_read": true}')):
                    answer = await stored.send(method, f"/{id_}", body=body, user="bob")
                    assert answer.json()["code"] in {"not_found", "path_not_found"}
                    refused(answer, 404, answer.json()["code"])


WRONG_QUERIES = {
    "cursor=": "cursor",
    "cursor=abc": "cursor",
    "cursor=notifications:-1": "cursor",
    "cursor=notifications:1.5": "cursor",
    "cursor=notifications:%00": "cursor",
    "cursor=notifications:1e3": "cursor",
    "cursor=notifications:%D9%A3": "cursor",
    "cursor=notifications:9223372036854775808": "cursor",
    f"cursor=notifications:{'9' * 5000}": "cursor",
    "cursor=rooms:3-tea": "cursor",
    "limit=0": "limit",
    "limit=101": "limit",
    "limit=-5": "limit",
    "limit=ten": "limit",
    "limit=": "limit",
    "unread=1": "unread",
    "unread=True": "unread",
    "archived=yes": "archived",
    "category=%00": "category",
    "category=LIKE": "category",
    "category=": "category",
    f"category={'c' * 65}": "category",
    "unknown=1": "unknown",
    "Limit=5": "Limit",
    "%00=1": "\0",
}


async def test_wrong_query_parameter_is_named(stored: Site) -> None:
    async with stored.unchanged():
        for query, field in WRONG_QUERIES.items():
            with case(query):
                refused(await stored.send("GET", f"?{query}", user="bob"), 422, "invalid", field)


async def test_cursor_beyond_either_end_gives_an_empty_or_the_first_page(site: Site) -> None:
    api = site.api("bob")
    assert await api.get(cursor="notifications:0") == {"items": [], "next_cursor": None}
    assert contents((await api.get(cursor=f"notifications:{2**63 - 1}"))["items"]) == ["three", "two", "one"]


async def test_mark_may_have_1000_ids(site: Site, open_with: OpenSite) -> None:
    ids = [f"{number:036}" for number in range(100_000)]
    async with site.unchanged():
        refused(
            await site.send("POST", "/read", body=json.dumps({"ids": ids}).encode(), user="bob"),
            413,
            "too_large",
        )
        some = json.dumps({"ids": ids[:1000]}).encode()
        assert (await site.send("POST", "/read", body=some, user="bob")).json()["changed"] == 0


async def test_batch_limit_is_a_setting(open_with: OpenSite) -> None:
    async with open_with(max_batch_rows=2, max_body_bytes=10_000_000) as site, site.unchanged():
        ids = [f"{number:036}" for number in range(100_000)]
        for number in (3, 100_000):
            body = json.dumps({"ids": ids[:number]}).encode()
            problem = refused(await site.send("POST", "/read", body=body, user="bob"), 422, "invalid", "ids")
            assert "2" in problem["errors"][0]["message"]
        refused(
            await site.send("POST", body=body_with(to={"users": ["a", "b", "c"]})), 422, "invalid", "to.users"
        )
        assert (await site.send("POST", "/read", body=b'{"ids": ["a", "b"]}', user="bob")).status_code == 200


async def test_mark_up_to_the_largest_position_is_taken(stored: Site) -> None:
    answer = await stored.send("POST", "/read", body=json.dumps({"up_to": 2**63 - 1}).encode(), user="bob")
    assert answer.json()["changed"] == 3
