"""Publications to devices alone: their publisher changes and takes them back in the outbox."""

from __future__ import annotations

from typing import Any

from lumen_notify.commit.publications.callers import Caller
from lumen_notify.commit.publications.edits import EditNotification

from ..push.outbox_rows import add_devices, pushes, show
from ..store import Store
from .desk import APP, OTHER, edit, publish, retract

ONLY = {"push": "only"}


async def bodies(store: Store) -> list[Any]:
    return [row.get("body") for row in await pushes(store)]


async def test_change_is_what_is_pushed(store: Store) -> None:
    await add_devices(store, "ann")
    one = await publish(store, "ann", "bob", delivery=ONLY)
    edited = await edit(store, one, content="hello again", title="News")
    assert (edited.found, edited.changed) == (1, 1)
    (body,) = await bodies(store)
    assert (body["content"], body["title"], body["id"]) == ("hello again", "News", one)
    assert (await edit(store, one, content="hello again")).changed == 0
    assert (await edit(store, one, OTHER, content="mine")).found == 0


async def test_change_of_the_expiry_is_in_the_row_too(store: Store) -> None:
    await add_devices(store, "ann")
    one = await publish(store, "ann", delivery=ONLY, expires_at=store.now + 5000)
    (row,) = await pushes(store)
    assert row["expires_at"] == store.now + 5000
    await store.committer.submit(
        EditNotification(id=one, caller=APP, changes={}, expires_at=store.now + 9000, sets_expiry=True)
    )
    (row,) = await pushes(store)
    assert row["expires_at"] == store.now + 9000
    assert row["body"]["expires_at"].endswith("Z")


async def test_what_is_taken_back_has_no_text_any_more(store: Store) -> None:
    await add_devices(store, "ann")
    one = await publish(store, "ann", delivery=ONLY)
    assert (await retract(store, one, OTHER)).number == 0
    assert (await retract(store, one)).number == 1
    assert await bodies(store) == [None]
    assert (await retract(store, one)).number == 0
    assert (await edit(store, one, content="late")).found == 0


async def test_only_what_has_the_sender_is_taken_back(store: Store) -> None:
    await add_devices(store, "ann")
    one = await publish(store, "ann", sender="bob", delivery=ONLY)
    assert (await retract(store, one, sender="eve")).number == 0
    assert (await retract(store, one, sender="bob")).number == 1


async def test_what_was_pushed_is_taken_off_the_devices_that_show_it(store: Store) -> None:
    await add_devices(store, "ann", "bob", "eve")
    one = await publish(store, "ann", "bob", delivery=ONLY)
    two = await publish(store, delivery=ONLY)
    await show(store, "ann", one, two)
    await retract(store, one)
    await retract(store, two)
    withdrawals = [row for row in await pushes(store) if row["kind"] == "withdrawal"]
    assert [row["audience"] for row in withdrawals] == ["user:ann", "all"]
    assert withdrawals[1]["notification_id"] == two


async def test_publisher_without_the_scope_needs_to_be_its_recipient(store: Store) -> None:
    await add_devices(store, "ann")
    ann = Caller(user_id="ann")
    mine = await publish(store, "ann", owner="ann", delivery=ONLY)
    other = await publish(store, "ann", "bob", owner="ann", delivery=ONLY)
    assert (await retract(store, mine, ann)).number == 1
    assert (await retract(store, other, ann)).number == 0


async def test_scheduled_one_is_changed_before_it_is_in_the_outbox(store: Store) -> None:
    await add_devices(store, "ann")
    one = await publish(store, "ann", delivery=ONLY, deliver_at=store.now + 1000)
    assert (await edit(store, one, APP, content="later")).changed == 1
    store.now += 1000
    await store.publish_due()
    (body,) = await bodies(store)
    assert body["content"] == "later"
