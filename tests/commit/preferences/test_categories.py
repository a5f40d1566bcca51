"""Categories: a definition replaces the earlier one; an event is appended if users see more or less."""

from __future__ import annotations

import contextlib
import json

import pytest

from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.commit.preferences.categories import (
    Categories,
    Category,
    DefineCategories,
    categories_in,
    define_categories,
)
from lumen_notify.model import EVERYONE, Audience, Event, new_id

from ..store import Store

FULL = Category(name="news", in_app=False, push=False, may_mute=False, priority="low", push_content="title")


async def all_of(store: Store) -> list[Category]:
    return list((await Categories(store.database).fetch()).values())


def announced(events: list[Event]) -> list[list[str]]:
    assert all((event.kind, event.audience) == ("categories", EVERYONE) for event in events)
    return [json.loads(event.body)["data"]["categories"] for event in events]


async def test_last_definition_of_a_category_replaces_the_earlier_ones(store: Store) -> None:
    await store.committer.submit(DefineCategories(categories=(FULL, Category(name="like"))))
    assert await all_of(store) == [Category(name="like"), FULL]

    await store.define("news", priority="high")
    assert await all_of(store) == [Category(name="like"), Category(name="news", priority="high")]

    assert await store.undefine("news")
    assert not await store.undefine("news")
    assert await all_of(store) == [Category(name="like")]


async def test_event_is_appended_only_if_users_see_more_or_less(store: Store) -> None:
    await store.define("like", priority="low", push=False, push_content="none")
    assert announced(store.events) == []

    await store.define("like", in_app=False)
    await store.define("like", in_app=False)
    await store.define("like", in_app=False, may_mute=False)
    assert announced(store.events) == [["like"], ["like"]]

    await store.undefine("like")
    await store.define("like")
    await store.undefine("like")
    assert announced(store.events) == [["like"]] * 3


@pytest.mark.parametrize("is_scheduled", [False, True], ids=["at once", "later"])
async def test_a_notification_that_names_no_priority_has_that_of_its_category(
    store: Store, is_scheduled: bool
) -> None:
    await store.define("news", priority="low")
    given = [("news", {}), ("like", {}), ("news", {"priority": "urgent"})]
    publications = tuple(
        Publication(
            id=new_id(),
            audiences=(Audience.user("ann"),),
            recipients=1,
            category=category,
            fields=fields,
            deliver_at=store.now + 1 if is_scheduled else None,
        )
        for category, fields in given
    )
    await store.committer.submit(Publish(publications=publications))
    if is_scheduled:
        rows = await store.database.fetch("list_scheduled", owner=None, after_at=0, after_id="", limit=9)
        found = [json.loads(row[2])["fields"]["priority"] for row in rows]
    else:
        found = [json.loads(event.body)["priority"] for event in store.events]
    assert found == ["low", "normal", "urgent"]


async def test_change_after_a_backup_was_restored_applies_to_an_instance_that_knows_a_lost_one(
    store: Store, other_store: Store
) -> None:
    """As many changes as were lost: a number that counted them would be the same again."""
    await store.define("news", priority="low")
    await store.publish("ann", category="news")
    async with store.database.transaction() as transaction:  # a backup is restored
        await transaction.run_sql("DELETE FROM lumen_category")
        await transaction.run_sql("UPDATE lumen_log_head SET categories_version = 0")
    other_store.now = store.now + 1
    await other_store.define("news", priority="urgent")
    await store.publish("ann", category="news")
    assert json.loads(store.events[-1].body)["priority"] == "urgent"


async def test_change_applies_to_another_instance_at_once(store: Store, other_store: Store) -> None:
    priorities = []
    for priority in ("low", "high", None):
        await store.define("news", priority=priority)
        await other_store.publish("ann", category="news")
        priorities.append(json.loads(other_store.events[-1].body)["priority"])
    assert priorities == ["low", "high", "normal"]


async def test_a_definition_that_was_rolled_back_is_not_remembered(store: Store) -> None:
    await store.define("news", priority="low")
    with contextlib.suppress(ZeroDivisionError):
        async with store.log.transaction() as tx:
            await define_categories(
                tx, [DefineCategories(categories=(Category(name="news", priority="high"),))]
            )
            assert (await categories_in(tx))["news"].priority == "high"
            raise ZeroDivisionError
    await store.publish("ann", category="news")
    assert json.loads(store.events[-1].body)["priority"] == "low"
