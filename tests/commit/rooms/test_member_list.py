"""Member list: members and bans in pages, in the order of the users' ids."""

from __future__ import annotations

from lumen_notify.commit.rooms.member_list import Ban, Member, MemberList

from ..accounts.log_ins import register
from ..store import Store
from .changes import do, make
from .conversation import read, send


async def test_members_are_listed_page_by_page_with_what_they_have_read(store: Store) -> None:
    await make(store, "private", "cyd", "bob", dan="moderator")
    await send(store)
    await read(store, "bob", 1)
    members = MemberList(store.database)

    first = await members.page("r", after="", limit=3)
    assert first == [
        Member(user_id="ann", role="owner", last_read_seq=1),
        Member(user_id="bob", role="member", last_read_seq=1),
        Member(user_id="cyd", role="member", last_read_seq=0),
    ]
    assert [one.user_id for one in await members.page("r", after="cyd", limit=3)] == ["dan"]
    assert await members.page("r", after="dan", limit=3) == []
    assert await members.page("nowhere", after="", limit=3) == []


async def test_members_with_an_account_have_their_name(store: Store) -> None:
    await register(store, "ann", "ann", display_name="Ann B.", avatar="https://pictures.test/ann")
    await make(store, "private", "bob")
    listed = await MemberList(store.database).page("r", after="", limit=3)
    named = [(one.user_id, one.username, one.avatar) for one in listed]
    assert named == [("ann", "Ann B.", "https://pictures.test/ann"), ("bob", None, None)]


async def test_bans_are_listed_page_by_page_and_read_one_by_one(store: Store) -> None:
    await make(store, bob="moderator")
    await do(store, "bob", "ban", "zoe")
    await do(store, "ann", "ban", "eve")
    members = MemberList(store.database)

    eve = Ban(user_id="eve", banned_by="ann", banned_at=store.now)
    zoe = Ban(user_id="zoe", banned_by="bob", banned_at=store.now)
    assert await members.bans("r", after="", limit=9) == [eve, zoe]
    assert await members.bans("r", after="", limit=1) == [eve]
    assert await members.bans("r", after="eve", limit=9) == [zoe]
    assert await members.ban("r", "zoe") == zoe
    assert await members.ban("r", "bob") is None
