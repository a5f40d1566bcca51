"""The page at `/` in a real browser, against a real server.

Every complaint of the browser fails the test: console errors and warnings, uncaught exceptions and violations
of the content security policy. A test that breaks the network declares the complaints that it expects.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, Route, expect

from conftest import StartServer
from lumen_notify.auth import PUBLISH, mint
from servers import RunningServer

pytestmark = pytest.mark.browser

SECRET = "a secret of the page's tests, and long enough"

WITHIN_MS = 20_000
"""How long a busy machine may take until the page shows what it must."""

NETWORK = (
    r"Failed to load resource: net::ERR_|Failed to load resource: the server responded with a status of 503"
)
UNAUTHENTICATED = r"Failed to load resource: the server responded with a status of 401"

expect.set_options(timeout=WITHIN_MS)


def token_for(
    user: str, *, ttl_seconds: float = 600, scopes: Sequence[str] = (), name: str | None = None
) -> str:
    return mint(SECRET, user, ttl_seconds=ttl_seconds, scopes=scopes, display_name=name)


@dataclass
class Tab:
    """One open page."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    @property
    def rows(self) -> Locator:
        return self.page.locator("#list > .row")

    @property
    def unread_rows(self) -> Locator:
        return self.page.locator("#list > .row[data-unread]")

    @property
    def toasts(self) -> Locator:
        return self.page.locator("#toasts > .toast")

    def row(self, text: str) -> Locator:
        return self.rows.filter(has_text=text)

    async def contents(self) -> list[str]:
        """Return the texts of all rows, newest first."""
        return await self.page.locator("#list .row-content").all_text_contents()

    async def shows_unread(self, count: int) -> None:
        """Wait until bell, badge and the tab's title say so."""
        words = {0: "No unread notifications", 1: "1 unread notification"}
        bell = self.page.get_by_role("button", name=words.get(count, f"{count} unread notifications"))
        await expect(bell).to_be_visible()
        badge = self.page.locator("#count")
        if count:
            await expect(badge).to_have_text("99+" if count > 99 else str(count))
        else:
            await expect(badge).to_be_hidden()
        await expect(self.page).to_have_title(
            f"({count}) Notifications · lumen" if count else "Notifications · lumen"
        )

    async def is_live(self) -> None:
        await expect(self.page.locator("#state-text")).to_have_text("Live")
        await expect(self.page.locator("#list")).to_have_attribute("aria-busy", "false")

    async def asks_for_a_token(self) -> None:
        await expect(self.page.get_by_label("Token")).to_be_visible()
        await expect(self.page.locator("#app")).to_be_hidden()


class OpenTab(Protocol):
    """Open the page, optionally as a user and in a given browser context."""

    def __call__(
        self,
        url: str,
        token: str | None = None,
        *,
        context: BrowserContext | None = None,
        expected: str = r"(?!)",
    ) -> Awaitable[Tab]: ...


@pytest.fixture
async def open_tab(browser: Browser) -> AsyncIterator[OpenTab]:
    opened: list[tuple[Tab, str]] = []

    async def open_tab(
        url: str, token: str | None = None, *, context: BrowserContext | None = None, expected: str = r"(?!)"
    ) -> Tab:
        page = await (context or browser).new_page()
        tab = Tab(page)
        opened.append((tab, expected))
        page.on(
            "console",
            lambda line: tab.complaints.append(line.text) if line.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: tab.complaints.append(f"uncaught: {error}"))
        page.on("dialog", lambda dialog: tab.complaints.append(f"a dialog: {dialog.message}"))
        await page.add_init_script(
            "addEventListener('securitypolicyviolation', (event) =>"
            " console.error('policy violated: ' + event.violatedDirective))"
        )
        await page.goto(url if token is None else f"{url}#token={token}")
        if token is not None:
            await tab.is_live()
        return tab

    yield open_tab
    for tab, expected in opened:
        unexpected = [text for text in tab.complaints if not re.search(expected, text)]
        assert unexpected == []


@dataclass
class Someone:
    """A client of the API that is not the page: another service, another device."""

    client: httpx.AsyncClient

    async def publish(self, user: str, *contents: str, category: str = "like", **fields: Any) -> list[str]:
        """Publish one notification for each of the contents, return their ids."""
        to = {"all": True} if user == "*" else {"user": user}
        batch = [{"to": to, "category": category, "content": content, **fields} for content in contents]
        answer = await self._post("notifications", batch)
        return [item["id"] for item in answer["items"]]

    async def mark(self, action: str, **selection: Any) -> None:
        await self._post(f"notifications/{action}", selection)

    async def ask(self, method: str, path: str, body: dict[str, Any]) -> Any:
        answer = await self.client.request(method, path, content=json.dumps(body))
        return answer.raise_for_status().json()

    async def prefer(self, **choices: Any) -> None:
        answer = await self.client.patch("preferences", content=json.dumps({"categories": choices}))
        answer.raise_for_status()

    async def unread(self) -> int:
        answer = await self.client.get("notifications/counts")
        return int(answer.raise_for_status().json()["unread_count"])

    async def items(self) -> list[dict[str, Any]]:
        answer = await self.client.get("notifications", params={"limit": 100})
        items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        return items

    async def _post(self, path: str, body: Any) -> Any:
        answer = await self.client.post(path, content=json.dumps(body))
        return answer.raise_for_status().json()


BeSomeone = Callable[[str, str], Someone]


@pytest.fixture
async def be() -> AsyncIterator[BeSomeone]:
    async with contextlib.AsyncExitStack() as clients:

        def be(url: str, user: str) -> Someone:
            headers = {"authorization": f"Bearer {token_for(user, scopes=[PUBLISH], name=user.title())}"}
            base = url.rstrip("/") + "/api/v1/"
            client = httpx.AsyncClient(base_url=base, headers=headers, trust_env=False, timeout=30)
            clients.push_async_callback(client.aclose)
            return Someone(client)

        yield be


@pytest.fixture
def server(start_server: StartServer) -> RunningServer:
    return start_server(LUMEN_JWT_SECRET=SECRET)


async def test_count_rises_on_publish_and_falls_on_click_in_two_tabs(
    start_server: StartServer, database_url: str, browser: Browser, open_tab: OpenTab, be: BeSomeone
) -> None:
    server = start_server(database_url=database_url, LUMEN_JWT_SECRET=SECRET)
    async with await browser.new_context() as context:
        one = await open_tab(server.url + "/", token_for("bob", name="Bob"), context=context)
        two = await open_tab(server.url + "/", token_for("bob"), context=context)
        await expect(one.page.locator("#user")).to_have_text("Bob")
        await expect(one.page.get_by_text("You have read everything.")).to_be_visible()
        await one.shows_unread(0)

        await be(server.url, "alice").publish("bob", "liked your photo", "liked your story")
        for tab in (one, two):
            await tab.shows_unread(2)
            await expect(tab.unread_rows).to_have_count(2)
            await expect(tab.toasts).to_have_text([r"Alice liked your photo", r"Alice liked your story"])
        assert await one.contents() == ["liked your story", "liked your photo"]

        await one.row("liked your photo").locator(".row-main").click()
        for tab in (one, two):
            await tab.shows_unread(1)
            await expect(tab.unread_rows).to_have_count(1)
            await expect(tab.unread_rows).to_contain_text("liked your story")

        # By keyboard: the bell focuses the newest unread row.
        await two.page.locator("#bell").focus()
        await two.page.keyboard.press("Enter")
        await expect(two.unread_rows.locator(".row-main")).to_be_focused()
        await two.page.keyboard.press("Enter")
        for tab in (one, two):
            await tab.shows_unread(0)
            await expect(tab.unread_rows).to_have_count(0)
            await expect(tab.rows).to_have_count(2)
        assert await be(server.url, "bob").unread() == 0


async def test_button_marks_all_as_read_on_every_device(
    server: RunningServer, open_tab: OpenTab, be: BeSomeone
) -> None:
    alice = be(server.url, "alice")
    await alice.publish("bob", *map(str, range(30)))
    await alice.publish("*", "for all", category="system", title="Maintenance")
    laptop = await open_tab(server.url + "/", token_for("bob"))
    phone = await open_tab(server.url + "/", token_for("bob"))
    await laptop.shows_unread(31)
    await expect(laptop.row("Maintenance")).to_contain_text("for all")

    await laptop.page.get_by_role("button", name="Mark all as read").click()
    for tab in (laptop, phone):
        await tab.shows_unread(0)
        await expect(tab.unread_rows).to_have_count(0)
        await expect(tab.page.get_by_role("button", name="Mark all as read")).to_be_disabled()
    await phone.page.get_by_role("button", name="Show older").click()
    await expect(phone.rows).to_have_count(31)
    await expect(phone.unread_rows).to_have_count(0)


async def test_button_marks_rooms_as_read_too_and_an_edited_mention_changes_in_its_place(
    server: RunningServer, open_tab: OpenTab, be: BeSomeone
) -> None:
    alice = be(server.url, "alice")
    await alice.ask("POST", "rooms", {"id": "tea", "members": ["bob"]})
    body = {"content": "old words", "mentions": ["bob"]}
    sent = await alice.ask("POST", "rooms/tea/messages", body)
    await alice.publish("bob", "something else")
    tab = await open_tab(server.url + "/", token_for("bob"))
    await tab.shows_unread(3)

    await alice.ask("PATCH", f"rooms/tea/messages/{sent['id']}", {"content": "new words"})
    await expect(tab.row("new words")).to_have_count(1)
    assert await tab.contents() == ["something else", "new words"]

    await tab.page.get_by_role("button", name="Mark all as read").click()
    await tab.shows_unread(0)
    assert await be(server.url, "bob").unread() == 0

    await alice.ask("POST", "rooms", {"id": "coffee", "members": ["carol"]})
    carol = await open_tab(server.url + "/", token_for("carol"))
    await alice.ask("POST", "rooms/coffee/messages", {"content": "only a message"})
    await carol.shows_unread(1)
    await carol.page.get_by_role("button", name="Mark all as read").click()
    await carol.shows_unread(0)


async def test_marks_of_another_device_are_followed_by_any_selector(
    server: RunningServer, open_tab: OpenTab, be: BeSomeone
) -> None:
    alice, bob = be(server.url, "alice"), be(server.url, "bob")
    first, second = await alice.publish("bob", "like 1", "like 2")
    tab = await open_tab(server.url + "/", token_for("bob"))
    await alice.publish("bob", "comment 1", "comment 2", category="comment")
    await tab.shows_unread(4)

    async def shows(unread: set[str], rows: int = 4) -> None:
        await tab.shows_unread(len(unread))
        await expect(tab.unread_rows).to_have_count(len(unread))
        await expect(tab.rows).to_have_count(rows)
        texts = await tab.page.locator("[data-unread] .row-content").all_text_contents()
        assert set(texts) == unread

    await bob.mark("read", category="comment")
    await shows({"like 1", "like 2"})
    await bob.mark("unread", all=True)
    await shows({"like 1", "like 2", "comment 1", "comment 2"})
    position = next(item["position"] for item in await bob.items() if item["id"] == second)
    await bob.mark("read", up_to=position)
    await shows({"comment 1", "comment 2"})
    await bob.mark("unread", category="like", up_to=position - 1)
    await shows({"like 1", "comment 1", "comment 2"})
    await bob.mark("archive", ids=[first])
    await shows({"comment 1", "comment 2"}, rows=3)
    await bob.mark("unarchive", ids=[first])
    await shows({"like 1", "comment 1", "comment 2"})
    assert await tab.contents() == ["comment 2", "comment 1", "like 2", "like 1"]
    await bob.mark("seen", all=True)
    await bob.mark("archive", all=True)
    await shows(set(), rows=0)
    await expect(tab.page.get_by_text("You have read everything.")).to_be_visible()


async def test_row_can_be_marked_as_unread_archived_and_brought_back(
    server: RunningServer, open_tab: OpenTab, be: BeSomeone
) -> None:
    await be(server.url, "alice").publish("bob", "older", "newer")
    tab = await open_tab(server.url + "/", token_for("bob"))
    await tab.shows_unread(2)
    await tab.row("newer").get_by_role("button", name="Mark as read").click()
    await tab.shows_unread(1)
    await tab.row("newer").get_by_role("button", name="Mark as unread").click()
    await tab.shows_unread(2)
    await tab.row("newer").get_by_role("button", name="Archive").click()
    await tab.shows_unread(1)
    await expect(tab.rows).to_have_count(1)
    await expect(tab.row("older").locator(".row-main")).to_be_focused()
    await tab.toasts.get_by_role("button", name="Undo").click()
    await tab.shows_unread(2)
    await expect(tab.rows).to_have_count(2)
    assert await tab.contents() == ["newer", "older"]


async def test_what_a_user_does_not_want_goes_from_the_page_and_comes_back(
    server: RunningServer, open_tab: OpenTab, be: BeSomeone
) -> None:
    bob, alice = be(server.url, "bob"), be(server.url, "alice")
    tab = await open_tab(server.url + "/", token_for("bob"))
    await alice.publish("bob", "liked your photo")
    await alice.publish("bob", "wrote to you", category="news")
    await tab.shows_unread(2)
    await bob.prefer(like={"in_app": False})
    await tab.shows_unread(1)
    await expect(tab.rows).to_have_count(1)
    await alice.publish("bob", "liked your story")
    await bob.prefer(like=None)
    await tab.shows_unread(3)
    await expect(tab.rows).to_have_count(3)
    await bob.prefer(like={"muted": True})
    await tab.shows_unread(1)
    await expect(tab.rows).to_have_count(3)


@pytest.mark.parametrize("is_answer_late", [True, False], ids=["late answer", "late request"])
@pytest.mark.parametrize("is_first_page", [True, False], ids=["first page", "older page"])
async def test_list_is_right_whether_it_was_read_before_a_mark_or_after_it(
    server: RunningServer, open_tab: OpenTab, be: BeSomeone, is_first_page: bool, is_answer_late: bool
) -> None:
    alice, bob = be(server.url, "alice"), be(server.url, "bob")
    ids = await alice.publish("bob", *(f"number {number}" for number in range(30)))
    tab = await open_tab(server.url + "/")
    is_on_its_way, may_go_on = asyncio.Event(), asyncio.Event()

    async def delay(route: Route) -> None:
        answer = await route.fetch() if is_answer_late else None
        is_on_its_way.set()
        await may_go_on.wait()
        await route.fulfill(response=answer or await route.fetch())

    late = "**/notifications?limit=20" + ("" if is_first_page else "&cursor=*")
    await tab.page.route(late, delay)
    await tab.page.get_by_label("Token").fill(token_for("bob"))
    await tab.page.get_by_label("Token").press("Enter")
    if not is_first_page:
        await tab.page.get_by_role("button", name="Show older").click()
    await asyncio.wait_for(is_on_its_way.wait(), WITHIN_MS / 1000)
    await tab.shows_unread(30)
    await bob.mark("read", all=True)
    await bob.mark("unread", ids=[ids[0], ids[-1]])
    await bob.mark("archive", ids=[ids[1], ids[-2]])
    await alice.publish("bob", "new")
    await tab.shows_unread(3)
    may_go_on.set()
    await expect(tab.rows).to_have_count(20 if is_first_page else 29)
    shown = await tab.contents()
    assert shown[:3] == ["new", "number 29", "number 27"]
    await expect(tab.unread_rows).to_have_count(2 if is_first_page else 3)
    if is_first_page:
        await tab.page.get_by_role("button", name="Show older").click()
        await expect(tab.rows).to_have_count(29)
    assert await tab.contents() == [
        "new",
        "number 29",
        *(f"number {n}" for n in range(27, 1, -1)),
        "number 0",
    ]
    await expect(tab.unread_rows).to_have_text([re.compile("new"), re.compile("29"), re.compile("number 0")])


async def test_more_than_a_page_may_arrive_while_the_list_is_fetched(
    server: RunningServer, open_tab: OpenTab, be: BeSomeone
) -> None:
    alice = be(server.url, "alice")
    await alice.publish("bob", *(f"number {number}" for number in range(10)))
    tab = await open_tab(server.url + "/")
    is_on_its_way, may_go_on = asyncio.Event(), asyncio.Event()

    async def delay(route: Route) -> None:
        is_on_its_way.set()
        await may_go_on.wait()
        await route.continue_()

    await tab.page.route("**/notifications?limit=20", delay)
    await tab.page.get_by_label("Token").fill(token_for("bob"))
    await tab.page.get_by_label("Token").press("Enter")
    await asyncio.wait_for(is_on_its_way.wait(), WITHIN_MS / 1000)
    await alice.publish("bob", *(f"number {number}" for number in range(10, 35)))
    await tab.shows_unread(35)
    may_go_on.set()
    await expect(tab.rows).to_have_count(25)
    await tab.page.get_by_role("button", name="Show older").click()
    await expect(tab.rows).to_have_count(35)
    assert await tab.contents() == [f"number {number}" for number in reversed(range(35))]


async def test_answer_that_overtakes_older_frames_is_not_taken_back(
    server: RunningServer, open_tab: OpenTab
) -> None:
    tab = await open_tab(server.url + "/")
    counts = await tab.page.evaluate(
        """async () => {
            const { Inbox } = await import("./inbox.js");
            const counts = [];
            const inbox = new Inbox({
                get: async () => ({ items: [], next_cursor: null }),
                post: async () => ({ unread_count: 0, position: 12 }),
            });
            inbox.addEventListener("count", () => counts.push(inbox.unreadCount));
            const arrives = (kind, position, fields) => {
                inbox.apply({ kind, position, body: { data: {}, ...fields } });
            };
            arrives("message", 10, { unread_count: 1 });
            await inbox.mark("read", { all: true });
            arrives("message", 11, { unread_count: 2 });
            arrives("read", 12, { unread_count: 0, data: { all: true } });
            arrives("message", 13, { unread_count: 1 });
            arrives("ready", 3, { unread_count: 7, recovered: false }); // of another log
            arrives("message", 4, { unread_count: 8 });
            return counts;
        }"""
    )
    assert counts == [1, 0, 0, 1, 7, 8]


async def test_what_merges_is_one_row_that_comes_to_the_top_unread(
    server: RunningServer, open_tab: OpenTab, be: BeSomeone
) -> None:
    alice, carol = be(server.url, "alice"), be(server.url, "carol")
    tab = await open_tab(server.url + "/", token_for("bob"))
    await alice.publish("bob", "liked your photo", group_key="photo-7")
    await alice.publish("bob", "something else")
    await tab.shows_unread(2)
    await tab.row("liked your photo").locator(".row-main").click()
    await tab.shows_unread(1)

    await carol.publish("bob", "liked your photo, too", group_key="photo-7")

    await tab.shows_unread(2)
    await expect(tab.rows).to_have_count(2)
    await expect(tab.rows.first).to_contain_text("Carol and 1 other")
    assert await tab.contents() == ["liked your photo, too", "something else"]


async def test_frame_of_content_may_be_a_bundle_or_a_message_of_a_room(
    server: RunningServer, open_tab: OpenTab
) -> None:
    tab = await open_tab(server.url + "/")
    ids = await tab.page.evaluate(
        """async () => {
            const { applied } = await import("./inbox.js");
            const frame = (position, body) => ({ kind: "message", position, body });
            let items = applied([], frame(1, { type: "like", data: { id: "a" } }));
            items = applied(items, frame(2, { type: "like", data: { id: "b" } }));
            items = applied(items, frame(3, { type: "chat", room: { id: "r" }, data: { id: "said" } }));
            items = applied(items, frame(4, { type: "bundle", data: { items: [{ id: "d" }, { id: "a" }] } }));
            items = applied(items, frame(5, { type: "like", update: true, data: { id: "b" } }));
            return items.map(({ id }) => id);
        }"""
    )
    assert ids == ["b", "d", "a"]


async def test_list_pages_while_new_ones_arrive(
    server: RunningServer, open_tab: OpenTab, be: BeSomeone
) -> None:
    alice = be(server.url, "alice")
    await alice.publish("bob", *(f"number {number}" for number in range(45)))
    tab = await open_tab(server.url + "/", token_for("bob"))
    await expect(tab.rows).to_have_count(20)
    older = tab.page.get_by_role("button", name="Show older")
    await older.click()
    await expect(tab.rows).to_have_count(40)
    await alice.publish("bob", "number 45")
    await expect(tab.rows).to_have_count(41)
    await older.click()
    await expect(tab.rows).to_have_count(46)
    await expect(older).to_be_hidden()
    assert await tab.contents() == [f"number {number}" for number in reversed(range(46))]
    await tab.shows_unread(46)


@pytest.mark.slow
@pytest.mark.parametrize("is_killed", [True, False], ids=["killed", "stopped"])
@pytest.mark.parametrize("has_cursor_by_hand", [False, True], ids=["browser reconnects", "page reconnects"])
async def test_nothing_is_lost_or_repeated_when_the_server_is_restarted(
    server: RunningServer, open_tab: OpenTab, be: BeSomeone, has_cursor_by_hand: bool, is_killed: bool
) -> None:
    alice = be(server.url, "alice")
    tab = await open_tab(server.url + "/", token_for("bob"), expected=NETWORK)
    (first,) = await alice.publish("bob", "before")
    await tab.shows_unread(1)
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))

    async def refuse(route: Route) -> None:
        if has_cursor_by_hand:  # an EventSource takes no other answer than 200: it gives up for good
            await route.fulfill(status=503, body="a proxy says no")
        else:  # it goes on trying
            await route.abort("connectionrefused")

    await tab.page.route("**/stream?*", refuse)  # or it might be back before there is something to miss
    (server.kill if is_killed else server.stop)()
    await expect(tab.page.locator("#state")).not_to_have_attribute("data-state", "live")
    server.start()
    await alice.publish("bob", "after 1", "after 2")
    await be(server.url, "bob").mark("read", ids=[first])
    if has_cursor_by_hand:
        await expect(tab.page.locator("#state")).to_have_attribute("data-state", "waiting")
        await expect(tab.page.locator("#state-countdown")).to_have_text(re.compile(r"in \d+ s"))
    await tab.page.unroute("**/stream?*")
    if has_cursor_by_hand:
        await tab.page.get_by_role("button", name="Connect now").click()

    await tab.is_live()
    await tab.shows_unread(2)
    await expect(tab.unread_rows).to_have_count(2)
    assert await tab.contents() == ["after 2", "after 1", "before"]
    await expect(tab.toasts.last).to_have_text("2 notifications came while you were away.")
    assert any("last_event_id=" in url for url in asked) is has_cursor_by_hand
    assert not any(url.endswith("notifications?limit=20") for url in asked), "the stream has brought it all"
    await alice.publish("bob", "live again")
    await tab.shows_unread(3)
    await expect(tab.unread_rows).to_have_count(3)
    assert await tab.contents() == ["live again", "after 2", "after 1", "before"]


@pytest.mark.slow
async def test_page_tries_again_by_itself_where_the_browser_has_given_up(
    server: RunningServer, open_tab: OpenTab
) -> None:
    tab = await open_tab(server.url + "/", expected=NETWORK)
    refused: list[str] = []

    async def refuse_once(route: Route) -> None:
        if refused:
            await route.continue_()
        else:
            refused.append(route.request.url)
            await route.fulfill(status=503, body="a proxy says no")

    await tab.page.route("**/stream?*", refuse_once)
    await tab.page.get_by_label("Token").fill(token_for("bob"))
    await tab.page.get_by_role("button", name="Sign in").click()
    await expect(tab.page.locator("#state")).to_have_attribute("data-state", "waiting")
    await tab.is_live()
    assert len(refused) == 1


@pytest.mark.parametrize("width", [320, 390, 1280])
async def test_page_without_a_stream_shows_list_and_count_and_fits_the_screen(
    server: RunningServer, open_tab: OpenTab, be: BeSomeone, width: int
) -> None:
    await be(server.url, "alice").publish("bob", "w" * 500, "two", sender={"id": "W" * 128})
    tab = await open_tab(server.url + "/", expected=NETWORK)
    await tab.page.set_viewport_size({"width": width, "height": 700})
    await tab.page.route("**/stream?*", lambda route: route.fulfill(status=503))
    await tab.page.get_by_label("Token").fill(token_for("bob", name="W" * 128))
    await tab.page.get_by_label("Token").press("Enter")
    await expect(tab.page.get_by_role("button", name="Connect now")).to_be_in_viewport(ratio=1)
    await tab.shows_unread(2)
    await expect(tab.page.locator("#bell")).to_be_in_viewport(ratio=1)
    assert await tab.page.evaluate("document.documentElement.scrollWidth") <= width
    await tab.page.get_by_role("button", name="Mark all as read").click()
    await tab.shows_unread(0)
    await expect(tab.unread_rows).to_have_count(0)


@pytest.mark.slow
async def test_page_gives_up_after_fifteen_tries_until_it_is_asked(
    server: RunningServer, open_tab: OpenTab
) -> None:
    tab = await open_tab(server.url + "/", expected=NETWORK)
    await tab.page.clock.install()
    tickets: list[str] = []
    tab.page.on("request", lambda one: tickets.append(one.url) if one.url.endswith("/tickets") else None)
    await tab.page.route("**/tickets", lambda route: route.fulfill(status=503))
    await tab.page.get_by_label("Token").fill(token_for("bob"))
    await tab.page.get_by_label("Token").press("Enter")
    state = tab.page.locator("#state")
    for tries in range(1, 16):
        await expect(state).to_have_attribute("data-state", "waiting")
        assert len(tickets) == tries
        await tab.page.clock.fast_forward(1_900)  # never sooner than after 2 s
        await expect(state).to_have_attribute("data-state", "waiting")
        async with tab.page.expect_request("**/tickets"):
            await tab.page.clock.fast_forward(28_200)  # never later than after 30 s
    await expect(tab.page.locator("#state-text")).to_have_text("Server unreachable")
    await tab.page.unroute("**/tickets")
    await tab.page.get_by_role("button", name="Connect now").click()
    await tab.is_live()
    assert len(tickets) == 17


async def test_stream_that_has_fallen_silent_is_opened_anew(
    server: RunningServer, open_tab: OpenTab, be: BeSomeone
) -> None:
    tab = await open_tab(server.url + "/")
    await tab.page.clock.install()
    await tab.page.get_by_label("Token").fill(token_for("bob"))
    await tab.page.get_by_label("Token").press("Enter")
    await tab.is_live()
    await be(server.url, "alice").publish("bob", "one")
    await tab.shows_unread(1)
    async with tab.page.expect_request("**/stream?*last_event_id=*"):
        await tab.page.clock.fast_forward(110_000)
    await tab.is_live()
    await be(server.url, "alice").publish("bob", "two")
    await tab.shows_unread(2)
    assert await tab.contents() == ["two", "one"]


@pytest.mark.slow
async def test_another_database_makes_the_page_fetch_anew(
    server: RunningServer, open_tab: OpenTab, be: BeSomeone
) -> None:
    alice = be(server.url, "alice")
    tab = await open_tab(server.url + "/", token_for("bob"), expected=f"{NETWORK}|{UNAUTHENTICATED}")
    await alice.publish("bob", "old 1", "old 2", "old 3")
    await tab.shows_unread(3)
    server.kill()
    for path in server.folder.glob("lumen-notify.db*"):
        path.unlink()
    server.start()
    await alice.publish("bob", "new")
    await tab.shows_unread(1)
    await expect(tab.rows).to_have_count(1)
    assert await tab.contents() == ["new"]
    await alice.publish("bob", "newer")
    await tab.shows_unread(2)


async def test_hostile_text_is_shown_as_text(server: RunningServer, open_tab: OpenTab, be: BeSomeone) -> None:
    hostile = [
        "<img src=x onerror=alert(1)>",
        "<script>alert(1)</script>",
        '"><svg onload=alert(1)>',
        "javascript:alert(1)",
        "{{constructor.constructor('alert(1)')()}}",
        "&lt;b&gt;",
        "\u202eevil\u2066",
    ]
    alice = be(server.url, "alice")
    for text in hostile:
        sender = {"id": text, "username": text, "avatar": "javascript:alert(1)"}
        await alice.publish("bob", text, category="constructor", title=text, sender=sender)
    tab = await open_tab(server.url + "/", token_for("bob", name="<b>bob</b>"))
    await expect(tab.rows).to_have_count(len(hostile))
    for text in hostile:  # once from the list, once live
        sender = {"id": text, "username": text, "avatar": "javascript:alert(1)"}
        await alice.publish("bob", text, category="__proto__"[2:7], title=text, sender=sender)
    await expect(tab.rows).to_have_count(2 * len(hostile))
    await expect(tab.toasts).to_have_count(3)

    assert await tab.contents() == [*reversed(hostile)] * 2
    titles = await tab.page.locator("#list .row-title").all_text_contents()
    senders = await tab.page.locator("#list .row-sender").all_text_contents()
    assert titles == senders == [*reversed(hostile)] * 2
    await expect(tab.page.locator("#user")).to_have_text("<b>bob</b>")
    strays = tab.page.locator("img, b, #app script, [onerror], [onload], a[href^=javascript]")
    await expect(strays).to_have_count(0)


async def test_click_on_a_row_opens_its_link_in_another_tab(
    server: RunningServer, open_tab: OpenTab, be: BeSomeone
) -> None:
    await be(server.url, "alice").publish(
        "bob", "liked your photo", url="/docs?from=row", actions=[{"label": "Reply <b>", "url": "/docs"}]
    )
    tab = await open_tab(server.url + "/", token_for("bob"))
    links = tab.rows.locator("a.row-link")
    await expect(links).to_have_text(["Open", "Reply <b>"])
    for link in await links.all():
        await expect(link).to_have_attribute("rel", "noopener noreferrer")
    async with tab.page.context.expect_page() as opening:
        await tab.rows.locator(".row-main").click()
    opened = await opening.value
    assert opened.url == server.url + "/docs?from=row"
    assert await opened.evaluate("opener === null")
    await tab.shows_unread(0)


async def test_page_makes_no_link_of_an_address_that_is_not_one(
    server: RunningServer, open_tab: OpenTab
) -> None:
    tab = await open_tab(server.url + "/")
    made = await tab.page.evaluate(
        """async () => {
            const { elementOf, linksOf } = await import("./links.js");
            const urls = ["javascript:alert(1)", "https://a:b@c.example", "data:text/html,x", 7, "/fine"];
            const actions = urls.map((url) => ({ label: "x", url }));
            const links = linksOf({ url: "java\\tscript:alert(1)", actions });
            return links.map(elementOf).map(({ tagName, href }) => [tagName, href ?? null]);
        }"""
    )
    assert made == [["SPAN", None]] * 5 + [["A", server.url + "/fine"]]


async def test_token_is_gone_from_the_address_and_stays_in_the_tab(
    server: RunningServer, browser: Browser, open_tab: OpenTab
) -> None:
    token = token_for("bob")
    async with await browser.new_context() as context:
        tab = await open_tab(server.url + "/", token, context=context)
        assert tab.page.url == server.url + "/"
        assert token not in await tab.page.evaluate(
            "[location, document.referrer, document.cookie, JSON.stringify(history.state)].join()"
        )
        assert token not in await tab.page.content()
        await tab.page.reload()
        await tab.is_live()

        other = await open_tab(server.url + "/", context=context)
        await other.asks_for_a_token()

        assert [cookie["name"] for cookie in await context.cookies()] == ["lumen_stream"]
        await tab.page.get_by_role("button", name="Sign out").click()
        await tab.asks_for_a_token()
        while await context.cookies():  # the page does not wait for the end of its cookie
            await tab.page.wait_for_timeout(20)
        await tab.page.reload()
        await tab.asks_for_a_token()


async def test_form_takes_a_token_and_says_how_to_get_one(server: RunningServer, open_tab: OpenTab) -> None:
    tab = await open_tab(server.url + "/", expected=UNAUTHENTICATED)
    field = tab.page.get_by_label("Token")
    await expect(field).to_be_focused()
    await expect(tab.page.get_by_text("lumen-notify token alice")).to_be_visible()
    alert = tab.page.locator("#sign-in-reason")

    await field.fill("bob")
    await field.press("Enter")
    await expect(alert).to_contain_text("This is not a token")
    await field.fill(mint("the secret of quite another server, by its length", "bob", ttl_seconds=60))
    await field.press("Enter")
    await expect(alert).to_have_text(
        "The server does not accept this token. The token has an invalid signature."
    )
    await tab.asks_for_a_token()
    await field.fill(mint(SECRET, "bob", ttl_seconds=-60))
    await field.press("Enter")
    await expect(alert).to_have_text("This sign-in link has expired. Get a new token to continue.")
    await tab.asks_for_a_token()

    await field.fill(f"{server.url}/#token={token_for('bob')}")  # the whole address does as well
    await field.press("Enter")
    await tab.is_live()


async def test_link_opened_in_the_same_tab_changes_the_user(
    server: RunningServer, open_tab: OpenTab, be: BeSomeone
) -> None:
    await be(server.url, "alice").publish("bob", "for bob")
    tab = await open_tab(server.url + "/", token_for("bob"))
    await expect(tab.rows).to_have_count(1)
    await tab.page.evaluate("(token) => { location.hash = `token=${token}`; }", token_for("carol"))
    await expect(tab.page.locator("#user")).to_have_text("carol")
    await tab.is_live()
    await tab.shows_unread(0)
    await expect(tab.rows).to_have_count(0)
    assert tab.page.url == server.url + "/"
    await be(server.url, "alice").publish("carol", "for carol")
    await expect(tab.rows).to_have_text([re.compile("for carol")])


@pytest.mark.slow
async def test_token_that_ends_is_announced_and_leads_to_the_form(
    server: RunningServer, open_tab: OpenTab
) -> None:
    tab = await open_tab(server.url + "/", token_for("bob", ttl_seconds=4), expected=UNAUTHENTICATED)
    await expect(tab.page.get_by_text("Your session expires in less than a minute.")).to_be_visible()
    await tab.asks_for_a_token()
    await expect(tab.page.locator("#sign-in-reason")).to_have_text(
        "Your session has expired. Paste a new token to continue."
    )
    await tab.page.get_by_label("Token").fill(token_for("bob"))
    await tab.page.get_by_label("Token").press("Enter")
    await tab.is_live()
    await expect(tab.page.locator("#expiring")).to_be_hidden()


async def test_tab_that_is_one_too_many_closes_the_oldest_which_waits_to_be_asked(
    start_server: StartServer, open_tab: OpenTab
) -> None:
    server = start_server(LUMEN_JWT_SECRET=SECRET, LUMEN_MAX_STREAMS_PER_USER="1")
    one = await open_tab(server.url + "/", token_for("bob"))
    two = await open_tab(server.url + "/", token_for("bob"))
    await expect(one.page.locator("#state-text")).to_have_text("Closed: too many tabs")
    await two.is_live()
    await one.page.get_by_role("button", name="Connect now").click()
    await one.is_live()
    await expect(two.page.locator("#state-text")).to_have_text("Closed: too many tabs")


async def test_page_can_be_tried_alone(server: RunningServer, open_tab: OpenTab) -> None:
    tab = await open_tab(server.url + "/", token_for("bob", name="Bob"))
    text = tab.page.get_by_label("Text")
    await tab.page.get_by_label("Comment").check()
    await text.fill("Hello, me!")
    await text.press("Enter")
    await expect(tab.row("Hello, me!")).to_contain_text("comment")
    await expect(tab.toasts).to_have_text(["Bob Hello, me!"])
    await tab.shows_unread(1)
    await expect(text).to_have_value("")
    await tab.page.get_by_role("button", name="Send", exact=True).click()  # the sample that the field shows
    await tab.shows_unread(2)


async def test_refusal_is_shown_beside_the_form(start_server: StartServer, open_tab: OpenTab) -> None:
    server = start_server(LUMEN_JWT_SECRET=SECRET, LUMEN_MAX_CONTENT_CHARACTERS="5")
    tab = await open_tab(server.url + "/", token_for("bob"), expected="status of 422")
    await tab.page.get_by_label("Text").fill("too long for this server")
    await tab.page.get_by_label("Text").press("Enter")
    await expect(tab.page.get_by_role("alert")).to_contain_text(
        "content may have at most 5 characters; this has 24."
    )
    await expect(tab.page.get_by_label("Text")).to_have_value("too long for this server")


@pytest.mark.slow
async def test_page_works_under_a_prefix(
    tmp_path: Path, start_server: StartServer, open_tab: OpenTab, be: BeSomeone
) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    (folder / "shop.py").write_text(
        "from starlette.applications import Starlette\n"
        "from starlette.responses import PlainTextResponse\n"
        "from starlette.routing import Mount, Route\n"
        "from lumen_notify import Lumen\n"
        "notify = Lumen()\n"
        "healthz = Route('/healthz', lambda request: PlainTextResponse('ok'))\n"
        "app = Starlette(routes=[healthz, Mount('/notify', notify.app)], lifespan=notify.lifespan)\n"
    )
    server = start_server("--app", "shop:app", LUMEN_JWT_SECRET=SECRET)
    url = server.url + "/notify/"
    tab = await open_tab(url, token_for("bob"), expected=NETWORK)
    assert tab.page.url == url
    alice = be(url, "alice")
    await alice.publish("bob", "one")
    await tab.shows_unread(1)
    (cookie,) = await tab.page.context.cookies()
    assert cookie.get("path") == "/notify/api/v1/notifications"  # the browser's own choice
    assert cookie.get("httpOnly")
    assert cookie.get("sameSite") == "Strict"
    server.kill()
    server.start()
    await alice.publish("bob", "two")
    await tab.shows_unread(2)
    await tab.row("two").locator(".row-main").click()
    await tab.shows_unread(1)


COUNT_TOASTS = """() => {
  window.mostToasts = 0;
  const box = document.getElementById("toasts");
  new MutationObserver(() => (mostToasts = Math.max(mostToasts, box.children.length)))
    .observe(box, { childList: true });
}"""
"""Keeps how many notes were ever there at once: each is there for 6 seconds, too short for a busy machine."""


async def test_burst_keeps_the_page_small_and_right(
    server: RunningServer, open_tab: OpenTab, be: BeSomeone
) -> None:
    alice = be(server.url, "alice")
    tab = await open_tab(server.url + "/", token_for("bob"))
    await tab.page.evaluate(COUNT_TOASTS)
    for start in range(0, 600, 200):
        await alice.publish("bob", *(f"number {number}" for number in range(start, start + 200)))
    await tab.shows_unread(600)
    await expect(tab.rows.first).to_contain_text("number 599")
    assert await tab.page.evaluate("mostToasts") == 3
    contents = await tab.contents()
    assert len(contents) <= 520
    assert contents == [f"number {number}" for number in reversed(range(600 - len(contents), 600))]
