"""Callers: who may change what was published."""

from __future__ import annotations

from lumen_notify.commit.publications.callers import Caller
from lumen_notify.commit.rooms.members import ChangeMembers
from lumen_notify.commit.rooms.rooms import CreateRoom
from lumen_notify.model import EVERYONE, Audience

from ..store import Store
from .desk import ADMIN, APP, OTHER


async def test_its_publisher_with_the_scope_and_administrators_may(store: Store) -> None:
    async with store.log.transaction() as tx:
        for audience in (Audience.user("ann"), EVERYONE):
            assert await APP.may_change(tx, "app", audience)
            assert await ADMIN.may_change(tx, "app", audience)
            assert not await OTHER.may_change(tx, "app", audience)
            assert not await APP.may_change(tx, None, audience)
            assert not await Caller(user_id="app").may_change(tx, "app", audience)


async def test_users_need_no_scope_for_what_needed_none(store: Store) -> None:
    ann, bob, room = Caller(user_id="ann"), Caller(user_id="bob"), Audience.room("r")
    await store.committer.submit(
        CreateRoom(id="r", kind="public", creator="ann", title=None, members=("bob",))
    )
    async with store.log.transaction() as tx:
        assert await ann.may_change(tx, "ann", Audience.user("ann"))
        assert not await ann.may_change(tx, "ann", Audience.user("bob"))
        assert await ann.may_change(tx, "ann", room)
        assert not await bob.may_change(tx, "bob", room)
        assert not await ann.may_change(tx, "ann", Audience.room("nowhere"))
    await store.committer.submit(ChangeMembers(room_id="r", caller="ann", action="remove", users=("ann",)))
    async with store.log.transaction() as tx:
        assert not await ann.may_change(tx, "ann", room)
