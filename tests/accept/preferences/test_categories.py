"""Categories: defined by an administrator or by a file, read by all users, with their limits."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from clients import SECRET, EventStream, token
from lumen_notify import Lumen, Settings
from lumen_notify.errors import Misconfigured
from lumen_notify.settings import Secret
from sites import OpenSite, Site, refused

from .preference_requests import CATEGORIES, ROOT, define


async def test_all_users_read_categories_and_administrators_define_them(site: Site) -> None:
    for method, body in (("PUT", b"{}"), ("DELETE", None)):
        for user in ("alice", "bob"):
            refused(await site.send(method, f"{CATEGORIES}/like", body=body, user=user), 403, "forbidden")
    made = await define(site, "like", priority="low")
    assert made.json() == {
        "name": "like",
        "in_app": True,
        "push": True,
        "may_mute": True,
        "priority": "low",
        "limits": None,
        "push_content": None,
    }
    listed = (await site.send("GET", CATEGORIES, user="bob")).json()
    assert listed == {"items": [made.json()], "next_cursor": None}
    refused(await define(site, "like", in_app=None, more=1), 422, "invalid", "in_app", "more")
    refused(await define(site, "Like"), 422, "invalid", "name")
    refused(await define(site, "chat"), 422, "invalid", "name")
    assert (await site.send("GET", CATEGORIES)).json() == listed
    gone = await site.send("DELETE", f"{CATEGORIES}/like", headers=ROOT)
    assert (gone.status_code, gone.content) == (204, b"")
    refused(await site.send("DELETE", f"{CATEGORIES}/like", headers=ROOT), 404, "not_found")


async def test_a_category_says_how_much_its_pushes_show(stored: Site) -> None:
    for content in ("full", "title", "none", None):
        made = await define(stored, "like", push_content=content)
        assert made.json()["push_content"] == content
        assert (await stored.send("GET", CATEGORIES)).json()["items"] == [made.json()]
    refused(await define(stored, "like", push_content="half"), 422, "invalid", "push_content")


async def test_streams_are_closed_to_reconnect_when_a_category_is_hidden(stored: Site) -> None:
    stream = await EventStream.open(stored.base_url, token("bob"))
    assert (await stream.wait_for_event("ready")).data["unread_count"] == 3
    await define(stored, "like", in_app=False)
    closing = await stream.wait_for_event("closing")
    assert closing.data["reconnect"] is True
    await stream.close()
    again = await EventStream.open(stored.base_url, token("bob"))
    assert (await again.wait_for_event("ready")).data["unread_count"] == 0
    await again.close()
    assert await stored.api("bob").pages() == []


@pytest.fixture
async def limited(open_with: OpenSite) -> AsyncIterator[Site]:
    async with open_with(rate_limits="on") as site:
        yield site


async def test_a_notification_over_the_limit_is_refused_or_delayed_as_the_category_says(
    limited: Site,
) -> None:
    site = limited
    await define(site, "like", limits={"per_recipient": "1/hour"})
    await define(site, "news", limits={"per_recipient": "1/hour", "over": "delay"})
    api = site.api("alice")
    body = {"to": {"user": "eve"}, "category": "like", "content": "hi"}
    assert (await api.post("", body, key="k"))["status"] == "sent"
    answer = await site.send("POST", body=json.dumps(body).encode())
    assert "1/hour of like" in refused(answer, 429, "rate_limited")["detail"]
    assert 3590 < int(answer.headers["retry-after"]) <= 3600
    assert (await api.post("", body, key="k"))["status"] == "sent"

    await api.post("", body | {"category": "news"})
    late = await api.post("", body | {"category": "news"})
    assert late == {
        "id": late["id"],
        "recipients": 1,
        "position": None,
        "status": "delayed",
        "deliver_at": late["deliver_at"],
    }
    (waiting,) = (await api.get("/scheduled"))["items"]
    assert (waiting["id"], waiting["deliver_at"]) == (late["id"], late["deliver_at"])
    some = await api.post("", body | {"category": "like", "to": {"users": ["eve", "bob"]}})
    assert (some["recipients"], some["refused"], some["status"]) == (1, 1, "sent")


async def test_categories_do_not_limit_if_the_setting_is_off(open_with: OpenSite) -> None:
    async with open_with(rate_limits="off", limit_per_sender="1/day") as site:
        await define(site, "like", limits={"per_recipient": "1/hour"})
        for _ in range(3):
            await site.publish("eve")
        assert len(await site.api("eve").pages()) == 3


LIMITS = {"per_recipient": "5/day", "over": "merge"}

TOML = """
[security]
may_mute = false
priority = "high"
push_content = "title"
limits = { per_recipient = "5/day", over = "merge" }

["a.b"]
push = false
"""

DEFINED = [
    {"name": "a.b", "in_app": True, "push": False, "may_mute": True, "priority": None, "limits": None}
    | {"push_content": None},
    {
        "name": "security",
        "in_app": True,
        "push": True,
        "may_mute": False,
        "priority": "high",
        "limits": LIMITS,
        "push_content": "title",
    },
]


async def started_with(database_url: str, path: Path) -> list[Any]:
    settings = Settings(database_url=database_url, jwt_secret=Secret(SECRET), categories=path)
    async with (
        Lumen(settings) as lumen,
        httpx.AsyncClient(transport=httpx.ASGITransport(lumen.app), base_url="http://t") as http,
    ):
        items: list[Any] = (await http.get(CATEGORIES, headers=ROOT)).json()["items"]
        return items


async def test_categories_of_a_file_are_defined_at_each_start(database_url: str, tmp_path: Path) -> None:
    toml, other = tmp_path / "categories.toml", tmp_path / "categories.json"
    toml.write_text(TOML, "utf-8")
    other.write_text('{"like": {}, "security": {}}', "utf-8")
    assert await started_with(database_url, toml) == DEFINED
    assert [one["name"] for one in await started_with(database_url, other)] == ["a.b", "like", "security"]
    assert (await started_with(database_url, toml))[2] == DEFINED[1]


@pytest.mark.parametrize(
    ("name", "text", "problems"),
    [
        ("c.toml", "[like\n", ["not valid TOML"]),
        ("c.json", "{", ["not valid JSON"]),
        ("c.json", "[]", ["an object"]),
        ("c.json", '{"like": 1}', ["like"]),
        ("c.toml", "[Like]\n", ["Like"]),
        ("c.toml", "[bundle]\n", ["bundle: may not be bundle"]),
        ("c.toml", '[like]\npush = "no"\n[news]\nmute = 1\n', ["like.push", "news.mute"]),
        ("missing.toml", None, ["cannot be read"]),
    ],
    ids=lambda value: None if isinstance(value, list) else repr(value),
)
async def test_an_invalid_file_is_reported_with_all_problems(
    sqlite_url: str, tmp_path: Path, name: str, text: str | None, problems: list[str]
) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text, "utf-8")
    with pytest.raises(Misconfigured) as caught:
        await started_with(sqlite_url, path)
    assert [variable for variable, _ in caught.value.problems] == ["LUMEN_CATEGORIES"] * len(problems)
    for (_, problem), part in zip(caught.value.problems, problems, strict=True):
        assert part in problem
