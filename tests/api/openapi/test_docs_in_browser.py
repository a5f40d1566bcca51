"""The page at `/docs` in a real browser: it shows the whole document, and nothing is complained of."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from documents import described_events, operations

pytestmark = pytest.mark.browser

WITHIN_MS = 20_000


@pytest.fixture
async def streams(http: httpx.AsyncClient) -> Any:
    """Give the AsyncAPI document."""
    return (await http.get("/asyncapi.json")).json()


async def test_docs_show_every_operation_every_message_and_every_schema(
    browser: Browser, http: httpx.AsyncClient, document: Any, streams: Any
) -> None:
    page = await browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    await page.goto(str(http.base_url.join("/docs#publish")))
    await expect(page.locator("main details")).to_have_count(
        len(list(operations(document)))
        + len(document["components"]["schemas"].keys() | streams["components"]["schemas"].keys())
        + sum(len(channel["messages"]) for channel in streams["channels"].values()),
        timeout=WITHIN_MS,
    )
    shown = await page.locator("#reference").text_content() or ""
    for method, path, operation in operations(document):
        assert f"{method} {path}" in shown
        assert operation["summary"] in shown
    for code in document["components"]["schemas"]["ProblemCode"]["enum"]:
        assert code in shown
    for event in described_events(document):
        assert event in shown
    for message in streams["components"]["messages"].values():
        assert message["title"] in shown
        assert message["summary"].replace("`", "") in shown
    for word in ("undefined", "[object", "NaN"):
        assert word not in shown

    assert await page.locator("main details[open]").evaluate_all("found => found.map(one => one.id)") == [
        "publish"
    ]
    await page.locator("#publish a", has_text="PublicationBatch").click()
    await expect(page.locator("#schema-PublicationBatch")).to_have_attribute("open", "", timeout=WITHIN_MS)
    assert complaints == []
    await page.close()


@pytest.fixture
async def docs(browser: Browser, http: httpx.AsyncClient) -> AsyncIterator[Page]:
    """Give the complete reference in a window of a desktop."""
    page = await browser.new_page(viewport={"width": 1280, "height": 900})
    await page.goto(str(http.base_url.join("/docs")))
    await expect(page.locator("#schemas")).to_be_attached(timeout=WITHIN_MS)
    yield page
    await page.close()


async def test_docs_begin_with_address_and_authentication_and_lead_home(
    docs: Page, http: httpx.AsyncClient, document: Any, streams: Any
) -> None:
    headings = await docs.locator("main h2").all_text_contents()
    tags = [tag["name"].capitalize() for tag in document["tags"]]
    channels = [channel["title"] for channel in streams["channels"].values()]
    assert headings == ["Base URL", "Authentication", *tags, *channels, "Schemas"]
    base = str(http.base_url).rstrip("/")
    assert await docs.locator("#base-url ~ pre").text_content() == base
    assert "Authorization: Bearer" in (await docs.locator("#authentication ~ pre").text_content() or "")
    await docs.get_by_role("link", name="lumen").click()
    assert docs.url == f"{base}/"


async def test_docs_list_paths_and_show_the_command_before_all_else(docs: Page, document: Any) -> None:
    listed = await docs.locator("#entries li a:has(.method)").all_inner_texts()
    assert sorted(" ".join(one.split()) for one in listed) == sorted(
        f"{method} {path.removeprefix('/api/v1')}" for method, path, _ in operations(document)
    )
    await docs.locator('#entries a[href="#publish"]').click()
    inside = docs.locator("#publish .inside")
    await expect(inside).to_be_visible(timeout=WITHIN_MS)
    parts = await inside.locator("> pre, > h3").all_inner_texts()
    assert parts[0].startswith("curl http")
    assert parts[1:] == ["Parameters", "Body: PublicationBody or PublicationBatch", "Responses"]


async def test_docs_show_a_message_as_it_comes_and_lead_to_its_schema(docs: Page) -> None:
    await docs.locator('#entries a[href="#stream-notification"]').click()
    inside = docs.locator("#stream-notification .inside")
    await expect(inside).to_be_visible(timeout=WITHIN_MS)
    example = await inside.locator("> pre").first.inner_text()
    assert re.match(r'id: z4fpd8go-7-\w+\ndata: {"type":"like","unread_count":', example)
    await inside.get_by_role("link", name="NotificationFrame").click()
    await expect(docs.locator("#schema-NotificationFrame .inside")).to_be_visible(timeout=WITHIN_MS)
    read = await docs.locator("#stream-read .inside > pre").first.text_content()
    assert (read or "").split("\n")[1] == "event: read"


async def test_search_needs_only_the_keyboard(docs: Page) -> None:
    await docs.keyboard.press("/")
    await docs.keyboard.type("Ban user")
    shown = docs.locator("main details.operation:visible")
    await expect(docs.get_by_role("status").first).to_have_text(
        re.compile(r"\d+ results?"), timeout=WITHIN_MS
    )
    assert "banUser" in await shown.evaluate_all("found => found.map(one => one.id)")
    await expect(docs.locator('#entries a[href="#publish"]')).to_be_hidden(timeout=WITHIN_MS)
    await docs.keyboard.press("Enter")
    focused = docs.locator("details[open] > summary:focus")
    await expect(focused).to_have_count(1, timeout=WITHIN_MS)
    await docs.keyboard.press("/")
    await docs.keyboard.press("Escape")
    await expect(docs.locator("main details[hidden]")).to_have_count(0, timeout=WITHIN_MS)


async def test_a_link_to_what_the_search_hides_shows_it(docs: Page) -> None:
    await docs.locator("#search").fill("markRead")
    await docs.locator("#markRead > summary").click()
    await docs.locator("#markRead").get_by_role("link", name="MarkIds").click()
    await expect(docs.locator("#schema-MarkIds .inside")).to_be_visible(timeout=WITHIN_MS)
    await expect(docs.locator("#search")).to_have_value("", timeout=WITHIN_MS)


async def test_docs_on_a_phone_have_contents_and_no_sideways_scrolling(docs: Page) -> None:
    await docs.set_viewport_size({"width": 390, "height": 800})
    link = docs.locator('#entries a[href="#setMember"]')
    await expect(link).to_be_hidden(timeout=WITHIN_MS)
    await docs.get_by_text("Contents", exact=True).click()
    await link.click()
    await expect(docs.locator("#setMember .inside")).to_be_in_viewport(timeout=WITHIN_MS)
    await expect(link).to_be_hidden(timeout=WITHIN_MS)
    assert await docs.evaluate("document.documentElement.scrollWidth") <= 390


async def test_docs_ask_nobody_else(browser: Browser, http: httpx.AsyncClient) -> None:
    page = await browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(str(http.base_url.join("/docs")))
    await expect(page.locator("#schemas")).to_be_attached(timeout=WITHIN_MS)
    assert all(url.startswith(str(http.base_url)) for url in asked)
    await page.close()


@pytest.mark.parametrize("name", ["openapi.json", "asyncapi.json"])
async def test_docs_without_a_document_say_so(browser: Browser, http: httpx.AsyncClient, name: str) -> None:
    page = await browser.new_page()
    await page.route(f"**/{name}", lambda route: route.fulfill(status=503, body=""))
    await page.goto(str(http.base_url.join("/docs")))
    about = page.locator("#about")
    await expect(about).to_have_text(f"{name} could not be read: the server answered 503.", timeout=WITHIN_MS)
    await page.close()


async def test_docs_are_not_sent_again(http: httpx.AsyncClient) -> None:
    docs = await http.get("/docs")
    assert docs.headers["content-type"] == "text/html; charset=utf-8"
    assert docs.headers["cache-control"] == "no-cache"
    again = await http.get("/docs", headers={"if-none-match": docs.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
