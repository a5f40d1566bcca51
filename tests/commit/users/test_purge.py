"""Steps of a deletion: they go on after a crash, wait for others, and delay nobody."""

from __future__ import annotations

from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.users.deletion import LATE_MS, REQUESTS_MS
from lumen_notify.commit.users.purge import PurgeUser

from ..store import Store
from .deleting import KEPT, delete, finish, list_of, run_until_it_waits
from .footprint import NEEDLES, ZOE, leave_traces, places_naming, publication, publish


async def test_deletion_goes_on_after_a_crash_and_on_another_instance(
    store: Store, other_store: Store
) -> None:
    await leave_traces(store)
    await delete(store)
    other_store.now = store.now
    assert await finish(store, other_store) > 10
    assert set(await places_naming(store, *NEEDLES)) == KEPT


async def test_instances_have_a_minute_to_read_which_streams_end(store: Store) -> None:
    await delete(store)
    await run_until_it_waits(store, "requests")
    store.now += REQUESTS_MS
    await run_until_it_waits(store, "end")
    store.now += LATE_MS - 1
    assert not await store.committer.submit(PurgeUser())
    kinds = await store.rows(f"SELECT kind FROM lumen_event WHERE audience = 'user:{ZOE}'")  # noqa: S608
    assert [tuple(row) for row in kinds] == [("revoked",), ("revoked",)]
    store.now += 1
    assert await store.committer.submit(PurgeUser())


async def test_request_that_was_under_way_on_another_instance_names_the_alias(
    store: Store, other_store: Store
) -> None:
    await leave_traces(store)
    await delete(store)
    await run_until_it_waits(store, "requests")
    other_store.now = store.now
    await publish(other_store, publication("bob", sender=ZOE, owner=ZOE))
    await finish(store)
    assert set(await places_naming(store, *NEEDLES)) == KEPT


async def test_deletion_that_waits_does_not_delay_the_next(store: Store) -> None:
    await delete(store)
    await run_until_it_waits(store, "requests")
    await store.publish("bob")
    await delete(store, "bob")
    await run_until_it_waits(store, "requests")
    assert await store.unread("bob") == {}
    store.now += REQUESTS_MS
    await run_until_it_waits(store, "end")
    store.now += LATE_MS
    while await store.committer.submit(PurgeUser()):
        pass
    assert await store.number_of("lumen_deletion") == 0


async def test_stream_that_opens_again_delays_the_end_by_a_minute_at_most(store: Store) -> None:
    await delete(store)
    await run_until_it_waits(store, "requests")
    await store.rows(
        "INSERT INTO lumen_connection (instance, id, user_id, connected_at)"  # noqa: S608
        f" VALUES ('a', 'b', '{ZOE}', 1) RETURNING id"
    )
    store.now += REQUESTS_MS
    await run_until_it_waits(store, "end")
    store.now += LATE_MS
    await run_until_it_waits(store, "streams")
    store.now += LATE_MS
    while await store.committer.submit(PurgeUser()):
        pass
    assert await store.number_of("lumen_deletion") == 0


async def test_each_step_has_a_bounded_number_of_rows(store: Store) -> None:
    def to_zoe(_: int) -> Publication:
        return publication(ZOE, "bob")

    await publish(store, *map(to_zoe, range(450)))
    await store.mark(ZOE, "read")
    await delete(store)
    assert await finish(store) > 15
    assert await store.unread("bob") == {"like": 450}


async def test_what_comes_meanwhile_goes_too_and_the_id_is_free_afterwards(store: Store) -> None:
    await store.publish(ZOE, number=3)
    await store.mark(ZOE, "read")
    await delete(store)
    await store.publish(ZOE, number=2)
    await finish(store)
    assert await store.unread(ZOE) == {}
    await store.publish(ZOE)
    assert await store.unread(ZOE) == {"like": 1}
    assert len(await list_of(store, ZOE)) == 1
