"""Preferences: hidden categories are not listed, muted ones are not counted; both can be undone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lumen_notify.commit.preferences import preferences as module
from lumen_notify.commit.preferences.preferences import ChangePreferences
from lumen_notify.commit.preferences.quiet_hours import QuietHours
from lumen_notify.errors import Invalid
from lumen_notify.model import new_id

from ..store import Store, opened

NIGHT = QuietHours(begin="22:30", end="07:00", time_zone="Europe/Paris")
NOTHING = {"categories": {}, "rooms": {}, "quiet_hours": None, "digest": {"minutes": 0}, "presence": "shown"}
DEFAULT = {"in_app": True, "push": True, "muted": False}


async def test_defaults_are_those_of_the_categories(store: Store) -> None:
    assert await store.preferences("ann") == NOTHING
    await store.define("news", in_app=False, push=False)
    assert await store.preferences("ann") == NOTHING | {
        "categories": {"news": {"in_app": False, "push": False, "muted": False}}
    }


async def test_change_keeps_what_it_does_not_name(store: Store) -> None:
    await store.choose("ann", like={"push": False}, news={"muted": True})
    await store.committer.submit(ChangePreferences(user_id="ann", quiet_hours=NIGHT))
    await store.committer.submit(ChangePreferences(user_id="ann", digest_minutes=30))
    changed = await store.choose("ann", like={"muted": True})

    assert changed == await store.preferences("ann")
    assert changed == {
        "categories": {
            "like": {"in_app": True, "push": False, "muted": True},
            "news": DEFAULT | {"muted": True},
        },
        "rooms": {},
        "quiet_hours": {"from": "22:30", "to": "07:00", "time_zone": "Europe/Paris"},
        "digest": {"minutes": 30},
        "presence": "shown",
    }
    assert await store.preferences("bob") == NOTHING


async def test_user_who_hides_stays_hidden_until_they_choose_to_be_shown(store: Store) -> None:
    hidden = await store.committer.submit(ChangePreferences(user_id="ann", is_hidden=True))
    assert hidden == NOTHING | {"presence": "hidden"}
    await store.committer.submit(ChangePreferences(user_id="ann", digest_minutes=30))
    assert (await store.preferences("ann"))["presence"] == "hidden"
    await store.committer.submit(ChangePreferences(user_id="ann", digest_minutes=0, is_hidden=False))
    assert await store.preferences("ann") == NOTHING


async def test_null_resets_a_choice(store: Store) -> None:
    await store.choose("ann", like={"in_app": False, "muted": True}, news={"push": False})
    assert (await store.choose("ann", like={"in_app": None}))["categories"]["like"] == DEFAULT | {
        "muted": True
    }
    await store.committer.submit(ChangePreferences(user_id="ann", quiet_hours=NIGHT))
    await store.committer.submit(ChangePreferences(user_id="ann", quiet_hours=None))
    assert await store.choose("ann", like={"muted": None}, news=None) == NOTHING
    assert await store.number_of("lumen_preference") == 0


async def test_muted_category_is_listed_but_not_counted(store: Store) -> None:
    await store.publish("ann", "bob")
    await store.publish(category="news")
    await store.choose("ann", like={"muted": True})
    await store.publish("ann", "bob")
    assert await store.unread("ann") == {"news": 1}
    assert await store.unread("bob") == {"like": 2, "news": 1}
    assert len(await store.positions("ann")) == 3

    await store.choose("ann", like=None)
    assert await store.unread("ann") == {"like": 2, "news": 1}


async def test_category_that_is_hidden_in_the_application_is_in_no_list(store: Store) -> None:
    await store.publish("ann", "bob")
    await store.choose("ann", like={"in_app": False})
    await store.publish("ann", "bob", category="news")
    assert await store.unread("ann") == {"news": 1}
    assert len(await store.positions("ann")) == 1
    assert len(await store.positions("bob")) == 2

    await store.choose("ann", like={"in_app": True})
    assert await store.unread("ann") == {"like": 1, "news": 1}
    assert len(await store.positions("ann")) == 2


async def test_a_category_may_be_off_until_a_user_wants_it(store: Store) -> None:
    await store.define("news", in_app=False)
    await store.publish(category="news")
    await store.choose("bob", news={"in_app": True})
    assert [await store.unread(user) for user in ("ann", "bob")] == [{}, {"news": 1}]
    assert [len(await store.positions(user)) for user in ("ann", "bob")] == [0, 1]


@pytest.mark.parametrize(("in_app", "wrong"), [(True, False), (False, True)])
async def test_category_that_may_not_be_muted_is_refused_by_name_and_overrides_earlier_choices(
    store: Store, in_app: bool, wrong: bool
) -> None:
    await store.publish("ann", category="security")
    await store.choose("ann", security={"muted": True, "in_app": wrong})
    await store.define("security", in_app=in_app, may_mute=False)
    assert await store.unread("ann") == ({"security": 1} if in_app else {})
    assert len(await store.positions("ann")) == in_app
    before = await store.preferences("ann")
    assert before["categories"]["security"] == {"in_app": in_app, "push": True, "muted": False}

    store.events.clear()
    with pytest.raises(Invalid) as refused:
        await store.choose(
            "ann", security={"in_app": wrong, "push": False, "muted": True}, like={"push": False}
        )
    assert [fault.field for fault in refused.value.faults] == [
        "categories.security.in_app",
        "categories.security.muted",
    ]
    assert await store.preferences("ann") == before
    assert store.events == []
    await store.choose("ann", security={"in_app": in_app, "push": False, "muted": False})
    assert (await store.preferences("ann"))["categories"]["security"]["push"] is False


async def test_change_is_one_event_with_the_counts_and_silenced_categories_after_it(store: Store) -> None:
    await store.publish("ann")
    await store.publish("ann", category="news")
    await store.define("system", in_app=False)
    store.events.clear()

    changed = await store.choose("ann", like={"muted": True}, comment={"in_app": False}, news={"push": False})

    (event,) = store.events
    assert (event.kind, event.audience, event.category) == ("preferences", "user:ann", None)
    assert json.loads(event.body) == {
        "data": changed,
        "categories": {"news": 1},
        "rooms": {},
        "silent": ["comment", "like", "system"],
    }


async def test_change_without_effect_appends_no_event(store: Store) -> None:
    quiet = ChangePreferences(user_id="ann", quiet_hours=NIGHT, digest_minutes=5)
    for _ in range(2):
        await store.choose("ann", like={"muted": True})
        await store.committer.submit(quiet)
    await store.choose("ann")
    await store.choose("ann", news={"muted": False, "push": None}, other=None)
    assert [event.kind for event in store.events] == ["preferences"] * 2


async def test_number_of_choices_is_limited(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CHOICES", 2)
    await store.choose("ann", a={"muted": True}, b={"muted": True})
    with pytest.raises(Invalid, match="2 categories"):
        await store.choose("ann", c={"muted": True})
    await store.choose("ann", b=None)
    await store.choose("ann", c={"muted": True})


CATEGORIES = ("like", "news")
FLAGS = st.sampled_from([None, True, False])
CHOICES = st.fixed_dictionaries({}, optional={"in_app": FLAGS, "push": FLAGS, "muted": FLAGS})
STEPS = st.one_of(
    st.tuples(st.just("publish"), st.sampled_from(CATEGORIES), st.sampled_from(["ann", None])),
    st.tuples(st.just("choose"), st.sampled_from(CATEGORIES), st.one_of(st.none(), CHOICES)),
    st.tuples(st.just("define"), st.sampled_from(CATEGORIES), st.tuples(st.booleans(), st.booleans())),
    st.tuples(st.just("undefine"), st.sampled_from(CATEGORIES), st.none()),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=12))
async def test_lists_and_counts_agree_with_the_preferences(sqlite_url: str, steps: list[Any]) -> None:
    async with opened(f"{sqlite_url}-{new_id()}") as store:
        published = dict.fromkeys(CATEGORIES, 0)
        for verb, category, how in steps:
            if verb == "publish":
                await store.publish(*([how] if how else []), category=category)
                published[category] += 1
            elif verb == "choose":
                try:
                    await store.choose("ann", **{category: how})
                except Invalid:
                    continue
            elif verb == "define":
                await store.define(category, in_app=how[0], may_mute=how[1])
            else:
                await store.undefine(category)
            holds = (await store.preferences("ann"))["categories"]
            mine = {name: holds.get(name, DEFAULT) for name in CATEGORIES}
            counts = (await store.counts.fetch(["ann"]))["ann"].counts
            silent = {name for name in CATEGORIES if mine[name]["muted"] or not mine[name]["in_app"]}
            assert counts.silent == silent
            assert counts.categories == {
                name: number for name, number in published.items() if number and name not in silent
            }
            shown = sum(published[name] for name in CATEGORIES if mine[name]["in_app"])
            assert len(await store.positions("ann")) == shown
