"""Texts: all places of the log that have the text of a notification are known, also after a trim."""

from __future__ import annotations

import pytest

from lumen_notify.commit.log import TrimEvents
from lumen_notify.commit.marks.marks import Selection
from lumen_notify.commit.publications.deletion import DeleteOwn
from lumen_notify.commit.publications.removal import Remove
from lumen_notify.model import Audience, AudienceSpan

from ..store import Store
from .desk import edit, publish, retract, text_of_log


async def test_the_positions_of_further_texts_are_kept_until_they_are_trimmed(store: Store) -> None:
    id_ = await publish(store, "ann", content="one secret", sender="bob", group_key="k")
    store.now += 2000
    await publish(store, "ann", content="two secret", sender="cyd", group_key="k")
    assert await store.rows("SELECT position FROM lumen_notification_copy") == [(1,)]
    await edit(store, id_, content="three secret")
    assert await store.rows("SELECT position FROM lumen_notification_copy") == [(3,)]
    log = await text_of_log(store)
    assert ("one secret" in log, "two secret" in log, log.count("three secret")) == (False, False, 2)
    store.now += 3_600_000
    await publish(store, "ann")
    await store.retention(events=1).sweep()
    assert await store.number_of("lumen_notification_copy") == 0
    await retract(store, id_)
    assert "secret" not in await text_of_log(store)


async def replayed(store: Store, user: str) -> list[int]:
    """Return the positions of the notifications that a replay from the beginning has."""
    span = AudienceSpan(audience=Audience.user(user), after=0, up_to=2**62)
    assert await store.log.count_for_audiences([span], limit=1000) > 0
    events = await store.log.for_audiences([span], limit=1000, max_characters=2**62)
    return [event.position for event in events if event.kind == "notification"]


async def test_what_a_user_of_a_list_deletes_is_withdrawn_from_this_user_alone(store: Store) -> None:
    id_ = await publish(store, "ann", "bob", "cyd", content="a secret")
    await store.committer.submit(DeleteOwn(user_id="bob", selection=Selection(ids=(id_,))))
    assert [await replayed(store, user) for user in ("ann", "bob", "cyd")] == [[1], [], [1]]
    (event,) = await store.log.at([1])
    assert (list(event.users), list(event.withdrawn)) == (["ann", "bob", "cyd"], ["bob"])
    assert (await store.log.after(0))[0] == event
    assert store.events[-2].kind == "delete"
    assert (store.events[-1].kind, store.events[-1].body) == ("rewritten", '{"positions":[1]}')
    await retract(store, id_)
    assert "secret" not in await text_of_log(store)
    ((after,),) = [await store.log.at([1])]
    assert (after.body, sorted(after.withdrawn)) == ("{}", ["ann", "bob", "cyd"])


@pytest.mark.parametrize("is_deleted_later", [False, True])
async def test_a_removed_notification_of_a_list_stays_in_replays_until_it_is_trimmed(
    store: Store, is_deleted_later: bool
) -> None:
    id_ = await publish(store, "ann", "bob")
    await store.committer.submit(Remove(rows=[(id_, Audience.user("ann"))]))
    assert [await replayed(store, user) for user in ("ann", "bob")] == [[1], [1]]
    assert not (await store.log.at([1]))[0].withdrawn
    if is_deleted_later:
        await store.committer.submit(DeleteOwn(user_id="bob", selection=Selection(ids=(id_,))))
        assert [await replayed(store, user) for user in ("ann", "bob")] == [[1], []]
    await store.committer.submit(TrimEvents(up_to=1))
    assert await store.number_of("lumen_removed_recipient") == 0
    assert await store.number_of("lumen_content") == (0 if is_deleted_later else 1)
