"""Talk: what is asked about rooms and messages, by a user of a site."""

from __future__ import annotations

from typing import Any

import httpx

from lumen_notify.model import to_json
from sites import Site

ROOMS = "/api/v1/rooms"
HERE = f"{ROOMS}/here/messages"
MESSAGES = "/api/v1/messages"


async def call(site: Site, user: str, method: str, path: str, body: Any = None) -> httpx.Response:
    return await site.send(method, path, body=None if body is None else to_json(body).encode(), user=user)


async def done(site: Site, user: str, method: str, path: str, body: Any = None) -> Any:
    answer = await call(site, user, method, path, body)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


async def say(site: Site, user: str, content: str, **fields: Any) -> Any:
    return await done(site, user, "POST", HERE, {"content": content, **fields})


async def said(site: Site, user: str = "bob", query: str = "") -> list[Any]:
    items: list[Any] = (await done(site, user, "GET", HERE + query))["items"]
    return items


async def paged(site: Site, user: str, path: str, name: str = "id") -> list[Any]:
    """Read all pages of a list; return one field of each item."""
    found: list[str] = []
    page = await done(site, user, "GET", path)
    while True:
        found += [item[name] for item in page["items"]]
        if page["next_cursor"] is None:
            return found
        start = path.replace("&after=0", "")
        page = await done(site, user, "GET", f"{start}&cursor={page['next_cursor']}")
