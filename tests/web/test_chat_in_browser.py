"""`<lumen-chat>` in a real browser, on an application's page with a strict policy, with a real server."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from web.chat_tab import Api, ChatPages

pytestmark = [pytest.mark.browser, pytest.mark.server, pytest.mark.asyncio(loop_scope="module")]


async def test_two_users_chat_with_typing_presence_and_read_marks(pages: ChatPages, api: Api) -> None:
    api.make_room("tea", "alice", "bob", "carol")
    api.send("carol", "tea", "The kettle is on.")
    alice = await pages.open("alice", "tea")
    bob = await pages.open("bob", "tea")
    await alice.is_open()
    await bob.is_open()
    await expect(alice.chat.get_by_role("heading", name="Tea", exact=True)).to_be_visible()
    await expect(alice.chat.locator(".about-room")).to_have_text("3 members · 2 online")

    await alice.input.press_sequentially("Green")
    await expect(bob.chat.locator(".typing")).to_have_text("Alice is typing…")
    await alice.input.press("Shift+Enter")
    await alice.input.press_sequentially("tea?")
    await alice.input.press("Enter")
    await expect(bob.row("Green\ntea?")).to_have_class(re.compile("first"))
    await expect(bob.chat.locator(".typing")).to_be_empty()
    await expect(alice.input).to_have_value("")
    await expect(alice.row("Green\ntea?")).to_have_class(re.compile("own"))

    await bob.page.bring_to_front()
    await bob.writes("Yes")
    await expect(alice.row("Yes")).to_be_visible()
    await expect(bob.chat.locator(".readers")).to_have_attribute("title", "Read by Alice")

    await alice.chat.get_by_role("button", name="Members").click()
    people = alice.chat.get_by_role("complementary", name="Members")
    await expect(people.locator("h4").first).to_have_text("Online · 2")
    await expect(people.get_by_role("button")).to_have_text(
        [re.compile("^$"), "AAliceYouOwner", "BBob", "CCarol", "Leave room"]
    )
    await alice.page.keyboard.press("Escape")
    await expect(people).to_be_hidden()
    await expect(alice.chat.get_by_role("button", name="Members")).to_be_focused()


async def test_history_keeps_its_place_while_it_loads_at_both_ends(pages: ChatPages, api: Api) -> None:
    api.make_room("long", "alice", "bob")
    for number in range(1, 421):
        api.send("bob", "long", f"Message {number}" + "\nmore" * (number % 4))
    tab = await pages.open("alice", "long", attributes='message="300"')
    await tab.is_open()
    await expect(tab.chat.locator('.row[data-seq="300"]')).to_be_in_viewport()
    move = """(element, [top, first, last]) => new Promise((resolve) => {
        const rows = () => [...element.querySelectorAll(".row")];
        const place = (row) => row.getBoundingClientRect().top - element.getBoundingClientRect().top;
        element.scrollTop = top === "start" ? 10 : element.scrollHeight - element.clientHeight - 10;
        requestAnimationFrame(() => {
            const row = rows().find((row) => place(row) + row.offsetHeight > 0);
            const before = place(row);
            const until = Date.now() + 20_000;
            const look = () => {
                if (Date.now() > until) return resolve(["late", rows().length]);
                const seqs = rows().map((row) => Number(row.dataset.seq));
                const isThere = top === "start" ? seqs[0] <= first : seqs.at(-1) >= last;
                if (!isThere || rows().length > 320) return requestAnimationFrame(look);
                requestAnimationFrame(() => resolve([place(row) - before, rows().length]));
            };
            look();
        });
    })"""
    scroller = tab.chat.locator(".scroller")
    for direction, bound in [
        ("start", 250),
        ("start", 200),
        ("start", 100),
        ("start", 1),
        ("end", 330),
        ("end", 420),
    ]:
        while True:
            seqs = await tab.rows.evaluate_all(
                "(rows) => [rows[0].dataset.seq, rows.at(-1).dataset.seq].map(Number)"
            )
            if (seqs[0] <= bound) if direction == "start" else (seqs[1] >= bound):
                break
            goal = [direction, max(1, seqs[0] - 10), min(420, seqs[1] + 10)]
            moved, count = await scroller.evaluate(move, goal)
            assert abs(moved) <= 1, f"the place has moved by {moved} pixels: {goal}, {seqs}, {count}"
            assert count <= 300, "the far end is dropped"

    await tab.scrolls_to("element.scrollHeight / 2")
    place = """(element) => [...element.querySelectorAll(".row")]
        .map((row) => [row.dataset.seq, row.getBoundingClientRect().top])
        .find(([, top]) => top > element.getBoundingClientRect().top)"""
    before = await scroller.evaluate(place)
    api.send("bob", "long", "Something new")
    await expect(tab.chat.get_by_role("button", name="1 new message")).to_be_visible()
    after = await scroller.evaluate(place)
    assert after[0] == before[0]
    assert abs(after[1] - before[1]) <= 1
    await tab.chat.get_by_role("button", name="1 new message").click()
    await expect(tab.row("Something new")).to_be_in_viewport()
    api.send("bob", "long", "And another")
    await expect(tab.row("And another")).to_be_in_viewport()


async def test_room_opens_at_the_first_unread_message_and_is_read_when_seen(
    pages: ChatPages, api: Api
) -> None:
    api.make_room("unread", "alice", "bob")
    for number in range(40):
        api.send("bob", "unread", f"Line {number}")
    api.call("alice", "POST", "rooms/unread/read", {"up_to": 20})
    tab = await pages.open("alice", "unread")
    await tab.is_open()
    await expect(tab.chat.locator(".new")).to_have_text("20 new messages")
    await expect(tab.chat.locator(".new")).to_be_in_viewport()
    await expect(tab.row("Line 39")).not_to_be_in_viewport()
    assert api.call("alice", "GET", "rooms/unread")["unread"] == 20

    async with tab.page.expect_response(re.compile("/rooms/unread/read$")):
        await tab.scrolls_to("element.scrollHeight")
    assert api.call("alice", "GET", "rooms/unread")["unread"] == 0
    await tab.writes("I have read it all")
    await expect(tab.chat.locator(".new")).to_have_count(0)


async def test_members_are_mentioned_by_keyboard(pages: ChatPages, api: Api) -> None:
    api.make_room("mention", "alice", "bob", "bo-li")
    api.send("bob", "mention", "Hello")
    api.call("bo-li", "POST", "rooms/mention/messages", {"content": "Hi"}, name="李波 <i>")
    tab = await pages.open("alice", "mention")
    await tab.is_open()
    await tab.input.press_sequentially("Ask @b")
    options = tab.chat.get_by_role("option")
    await expect(options).to_have_text(["BBobbob", "李李波 <i>bo-li"])
    await tab.input.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await tab.input.press("Enter")
    await expect(tab.input).to_have_value("Ask @李波 <i> ")
    await tab.input.press_sequentially("and @bob now @")
    await tab.input.press("Escape")
    await expect(options).to_have_count(0)
    await tab.input.press("Backspace")
    await tab.input.press("Enter")
    row = tab.row("Ask @李波 <i> and @bob now")
    await expect(row.locator(".mention")).to_have_text(["@李波 <i>", "@bob"])
    await expect(row).not_to_contain_text("Sending")
    assert (
        api.call("bob", "GET", "notifications?category=mention")["items"][0]["content"]
        == "Ask @李波 <i> and @bob now"
    )

    api.send("bob", "mention", "@Alice look", mentions=["alice"])
    await expect(tab.row("@Alice look").locator(".mention.self")).to_have_text("@Alice")


async def test_replies_quote_the_original_and_lead_to_it(pages: ChatPages, api: Api) -> None:
    api.make_room("reply", "alice", "bob")
    api.send("bob", "reply", "<b>The original</b>")
    for number in range(120):
        api.send("bob", "reply", f"Between {number}")
    api.send("bob", "reply", "About that", reply_to=1)
    tab = await pages.open("alice", "reply")
    await tab.is_open()
    await tab.scrolls_to("element.scrollHeight")
    await tab.does("Reply", "About that")
    await expect(tab.chat.locator(".mode")).to_contain_text("Reply to Bob")
    await tab.writes("Me too")
    own = tab.row("Me too")
    await expect(own.locator(".quote")).to_have_text("BobAbout that")
    quote = tab.row("About that").locator(".quote")
    await expect(quote).to_have_text("Bob<b>The original</b>")
    await quote.click()
    original = tab.row("<b>The original</b>")
    await expect(original).to_be_in_viewport()
    await expect(original).to_be_focused()
    await tab.chat.get_by_role("button", name="Go to the newest message").click()
    await expect(own).to_be_in_viewport()


async def test_messages_are_edited_and_deleted(pages: ChatPages, api: Api) -> None:
    api.make_room("edit", "alice", "bob")
    alice = await pages.open("alice", "edit")
    bob = await pages.open("bob", "edit")
    await alice.is_open()
    await bob.is_open()
    await bob.writes("A tipo")
    await expect(alice.row("A tipo")).to_be_visible()
    await bob.input.fill("")
    await bob.input.press("ArrowUp")
    await expect(bob.input).to_have_value("A tipo")
    await bob.writes("A typo")
    await expect(alice.row("A typo")).to_contain_text("edited")
    await expect(bob.input).to_have_value("")

    await alice.writes("Nonsense")
    await bob.row("Nonsense").hover()
    toolbar = bob.chat.get_by_role("toolbar").get_by_role("button")
    await expect(toolbar).to_have_count(2)  # to reply and to copy the link: it is another's
    await alice.does("Delete", "Nonsense")
    await alice.chat.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    await expect(alice.row("Nonsense")).to_be_visible()
    for text in ("Nonsense", "A typo"):  # her own, and another's as the owner
        await alice.does("Delete", text)
        await alice.chat.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await expect(bob.row(text)).to_have_count(0)
    await expect(bob.chat.get_by_text("This message was deleted.")).to_have_count(2)


async def test_failed_messages_are_sent_again_or_discarded(pages: ChatPages, api: Api) -> None:
    api.make_room("fail", "alice")
    tab = await pages.open("alice", "fail")
    await tab.is_open()
    await tab.page.route(
        "**/rooms/fail/messages", lambda route: route.fulfill(status=503, json={"detail": "No room."})
    )
    await tab.writes("First")
    await tab.writes("Second")
    await expect(tab.row("First")).to_contain_text("Not sent.")
    await tab.row("Second").get_by_role("button", name="Discard").click()
    await expect(tab.row("Second")).to_have_count(0)
    await tab.page.unroute("**/rooms/fail/messages")
    await tab.row("First").get_by_role("button", name="Try again").click()
    await expect(tab.row("First").locator(".foot")).to_have_count(0)
    assert [message["content"] for message in api.call("alice", "GET", "rooms/fail/messages")["items"]] == [
        "First"
    ]
    tab.complaints[:] = [line for line in tab.complaints if "503" not in line]


async def test_markup_stays_text_and_links_are_safe(pages: ChatPages, api: Api) -> None:
    api.make_room("markup", "alice", "<i>eve</i>", title="<u>Markup</u>")
    nasty = "<img src=x onerror=alert(1)> javascript:alert(1) https://a.example/<script>"
    api.call("<i>eve</i>", "POST", "rooms/markup/messages", {"content": nasty}, name="<b>Eve</b>")
    tab = await pages.open("alice", "markup")
    await expect(tab.row(nasty)).to_be_visible()
    await expect(tab.chat.locator(".name").first).to_have_text("<b>Eve</b>")
    await expect(tab.chat.get_by_role("heading", name="<u>Markup</u>")).to_be_visible()
    await expect(tab.chat.locator("img, script, i, u")).to_have_count(0)
    link = tab.row(nasty).get_by_role("link")
    await expect(link).to_have_attribute("href", "https://a.example/")
    await expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
