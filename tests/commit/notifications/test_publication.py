"""Publication: answers are stored and read back, those of earlier versions too; lists show what was given."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.commit.notifications.publication import (
    STATUSES,
    Publication,
    Published,
    decode_published,
    encode_published,
    shown_fields,
)
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.commit.preferences.preferences import ChangePreferences
from lumen_notify.model import Audience, new_id

from ..store import Store

numbers = st.none() | st.integers(0, 2**53)
answers = st.builds(
    Published,
    id=st.text(max_size=9),
    recipients=numbers,
    position=numbers,
    status=st.sampled_from(STATUSES),
    delayed=st.integers(0, 1000),
    refused=st.integers(0, 1000),
    deliver_at=numbers,
)


@given(st.lists(answers, max_size=4))
def test_stored_answer_is_read_back(published: list[Published]) -> None:
    assert decode_published(encode_published(published)) == published


def test_answer_that_an_earlier_version_stored_is_read() -> None:
    assert decode_published('[["a",1,7],["b",null,null],["c",2,9,"more"]]') == [
        Published(id="a", recipients=1, position=7),
        Published(id="b", recipients=None, position=None, status="scheduled"),
        Published(id="c", recipients=2, position=9),
    ]


def test_copy_with_other_fields_keeps_everything_else() -> None:
    one = Publication(
        id="n",
        audiences=(Audience.user("ann"), Audience.user("bob")),
        recipients=2,
        category="like",
        fields={"content": "hi"},
        deliver_at=1,
        owner="app",
        delivery={"push": "never"},
        expires_at=2,
        group_key="photo-7",
        required_moderator="ann",
        created_at=3,
    )
    fields = {"content": "hi", "priority": "low"}
    assert one.with_fields(fields) == replace(one, fields=fields)


def test_expiry_is_shown_only_of_a_notification_that_expires() -> None:
    fields = {"content": "hi"}
    shown = shown_fields("n", "like", fields, created_at="2026-01-31T08:00:00.000Z", expires_at=None)
    assert list(shown) == ["id", "category", "content", "created_at"]
    expiring = shown_fields("n", "like", fields, created_at="2026-01-31T08:00:00.000Z", expires_at=1000)
    assert expiring == {**shown, "expires_at": "1970-01-01T00:00:01.000Z"}


async def test_push_and_devices_are_kept_wherever_it_waits_and_in_its_row(store: Store) -> None:
    await store.committer.submit(ChangePreferences(user_id="bob", digest_minutes=5))
    delivery = {"push": "always", "devices": ["mobile"]}
    kinds: dict[str, dict[str, Any]] = {
        "now": {},
        "later": {"deliver_at": store.now + 1000},
        "low": {"fields": {"priority": "low", "sender": {"id": "ann"}}},
        "merged": {"group_key": "k"},
        "low and merged": {"group_key": "k", "fields": {"priority": "low", "sender": {"id": "ann"}}},
    }
    for category, fields in kinds.items():
        one = Publication(
            id=new_id(),
            audiences=(Audience.user("bob"),),
            recipients=1,
            category=category.replace(" ", "-"),
            owner="app",
            delivery=delivery,
            **{"fields": {"sender": {"id": "ann"}}, **fields},
        )
        await store.committer.submit(Publish(publications=(one,)))
    store.now += 400_000
    await store.publish_due()
    await store.publish_digests()
    rows = await store.rows("SELECT category, publisher, delivery FROM lumen_notification")
    assert {row[0]: (row[1], json.loads(row[2])) for row in rows} == {
        category.replace(" ", "-"): ("app", delivery) for category in kinds
    }
