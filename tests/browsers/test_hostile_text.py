"""Hostile text: what others write, name or link stays text on the page, and leads nowhere it should not."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from conftest import StartServer
from lumen_notify.auth import PUBLISH, mint

from .conftest import OpenChromium
from .person import PANEL, ROW, SECRET, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MARKUP = (
    "<img src=x onerror=pwned()>",
    "<script>pwned()</script>",
    '"><svg onload=pwned()>',
    "'-pwned()-'",
    "</textarea></style></script><iframe srcdoc='<script>parent.pwned()</script>'>",
    "<a href=javascript:pwned()>click</a>",
    "<lumen-bell token-url=//localhost:1/></lumen-bell>",
    "{{constructor.constructor('pwned()')()}}${pwned()}",
    "&lt;img src=x onerror=pwned()&gt;&#60;b&#62;",
    "javascript:pwned()",
    "data:text/html,<script>opener.pwned()</script>",
    "vbscript:pwned()",
    "__proto__",
    "constructor",
)

LINKS = (
    "javascript:pwned()",
    "JaVaScRiPt:pwned()//https://example.com",
    "data:text/html,<script>pwned()</script>",
    "//localhost:1/x",
    "https://user:password@localhost:1/",
    "blob:https://localhost/1",
    "file:///etc/passwd",
)

SAFE = """() => {
  const all = (root) => [...root.querySelectorAll("*")].flatMap(withShadow);
  const withShadow = (each) => [each, ...(each.shadowRoot ? all(each.shadowRoot) : [])];
  const forbidden = "iframe, object, embed, body script, lumen-bell[token-url]";
  return all(document).flatMap((element) => [
    ...(element.matches(forbidden) ? [element.outerHTML] : []),
    ...["href", "src", "action", "srcdoc"].filter((name) => element.hasAttribute(name))
      .map((name) => element.getAttribute(name))
      .filter((value) => !/^(#|\\/(?!\\/)|https?:\\/\\/(?![^/]*@)|page\\/|docs)/i.test(value)),
    ...[...element.attributes].filter(({ name }) => name.startsWith("on")).map(({ name }) => name),
  ]);
}"""
"""Returns elements, addresses and attributes that have no business on the page."""


async def test_markup_of_others_stays_text_everywhere(
    start_server: StartServer, open_chromium: OpenChromium
) -> None:
    server = start_server("--demo", LUMEN_JWT_SECRET=SECRET)
    bob = Person("Bob", await open_chromium())
    await bob.sign_in(server.url)
    user_id = await bob.client("client.user.id")
    token = mint(
        SECRET,
        "mallory",
        ttl_seconds=600,
        scopes=[PUBLISH],
        display_name=MARKUP[0],
        avatar="https://localhost:1/a.png?\"'><script>pwned()</script>",
    )
    async with httpx.AsyncClient(
        base_url=f"{server.url}/api/v1/",
        headers={"authorization": f"Bearer {token}"},
        trust_env=False,
        timeout=30,
    ) as mallory:

        async def post(path: str, body: dict[str, Any], *refusals: int) -> None:
            answer = await mallory.post(path, json=body)
            assert answer.is_success or answer.status_code in refusals, answer.text

        await post("rooms", {"id": "trap", "title": MARKUP[2], "members": [user_id]})
        await post("rooms", {"id": "join-me", "title": MARKUP[4], "kind": "public"})
        await post("messages", {"to": user_id, "content": MARKUP[1]})
        for text in MARKUP:
            await post("rooms/trap/messages", {"content": text, "mentions": [user_id]})
        for link in LINKS:
            await post(
                "rooms/trap/messages",
                {"content": f"look at {link} now", "kind": "file", "data": {"url": link, "name": MARKUP[0]}},
                422,
            )
            body = {"to": {"user": user_id}, "category": "comment", "content": MARKUP[0], "title": link}
            await post("notifications", {**body, "url": link, "data": {"icon": link}}, 422)
            await post("notifications", {**body, "actions": [{"label": MARKUP[2], "url": link}]}, 422)
            await post("notifications", {**body, "icon": link}, 422)
        for text in MARKUP:
            await post(
                "notifications",
                {
                    "to": {"user": user_id},
                    "category": "comment",
                    "content": text,
                    "title": text,
                    "data": {text: text},
                },
            )

    window = bob.window
    await window.see("lumen-bell >> .toast", MARKUP[-1])
    await window.see("a.room", MARKUP[0])
    await window.see("a.room", MARKUP[2])
    assert await window.call(SAFE) == []
    await bob.enter(MARKUP[2])
    for text in MARKUP[:-2]:
        await window.see(ROW, text)
    assert await window.call(SAFE) == []
    await window.click("lumen-chat >> header button")
    await window.see("lumen-chat >> .people", MARKUP[0])
    await window.click("a.room", MARKUP[1])
    await window.see("lumen-chat >> h2", MARKUP[0])
    await window.see(ROW, MARKUP[1])
    await bob.opens_bell()
    for text in MARKUP[:-2]:
        await window.see(PANEL, text)
    assert await window.call(SAFE) == []
    await window.click("lumen-bell >> .row .main", MARKUP[1])
    await window.go(f"{server.url}/#/direct/{MARKUP[0].replace(' ', '%20')}")
    await window.see("h1", "")
    await window.go(f"{server.url}/#/rooms/{MARKUP[5]}")
    assert await window.call(SAFE) == []
    await window.check(
        "status of 404", "status of 422", "Refused to load.*https://localhost:1", "violates.*img-src"
    )
