"""The page at `/docs` in a real browser: it shows the whole document, and nothing is complained of."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, expect

from documents import described_events, operations

pytestmark = pytest.mark.browser

WITHIN_MS = 20_000


async def test_docs_show_every_operation_and_every_schema(
    browser: Browser, http: httpx.AsyncClient, document: Any
) -> None:
    page = await browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    await page.goto(str(http.base_url.join("/docs#publish")))
    await expect(page.locator("details")).to_have_count(
        len(list(operations(document))) + len(document["components"]["schemas"]), timeout=WITHIN_MS
    )
    shown = await page.locator("#reference").text_content() or ""
    for method, path, operation in operations(document):
        assert f"{method} {path}" in shown
        assert operation["summary"] in shown
    for code in document["components"]["schemas"]["ProblemCode"]["enum"]:
        assert code in shown
    for event in described_events(document):
        assert event in shown
    for word in ("undefined", "[object", "NaN"):
        assert word not in shown

    assert await page.locator("details[open]").evaluate_all("found => found.map(one => one.id)") == [
        "publish"
    ]
    await page.locator("#publish a", has_text="PublicationBatch").click()
    await expect(page.locator("#schema-PublicationBatch")).to_have_attribute("open", "", timeout=WITHIN_MS)
    assert complaints == []
    await page.close()


async def test_docs_without_the_document_say_so(browser: Browser, http: httpx.AsyncClient) -> None:
    page = await browser.new_page()
    await page.route("**/openapi.json", lambda route: route.fulfill(status=503, body=""))
    await page.goto(str(http.base_url.join("/docs")))
    about = page.locator("#about")
    await expect(about).to_have_text(
        "openapi.json could not be read: the server answered 503.", timeout=WITHIN_MS
    )
    await page.close()


async def test_docs_have_the_policy_of_the_page(http: httpx.AsyncClient) -> None:
    docs, page = await http.get("/docs"), await http.get("/")
    assert docs.headers["content-type"] == "text/html; charset=utf-8"
    for name in ("content-security-policy", "x-content-type-options", "referrer-policy", "cache-control"):
        assert docs.headers[name] == page.headers[name]
    again = await http.get("/docs", headers={"if-none-match": docs.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
