"""Member changes: what each role may do to each other, and users to themselves."""

from __future__ import annotations

from typing import Any

import pytest

from lumen_notify.commit.rooms.member_list import MemberList
from lumen_notify.commit.rooms.members import ChangeMembers
from lumen_notify.commit.rooms.rooms import CreateRoom
from lumen_notify.errors import Refused

from ..rooms.changes import ROLES, code_of, do, make, roles_in
from ..store import Store

MATRIX = {
    # caller: what they may do to an owner, a moderator, a member, a muted member, a user who is not in
    "owner": {"remove": "yyyy-", "ban": "yyyyy", "mute": "yyyyy", "promote": "yyyyy", "add": "....y"},
    "moderator": {"remove": "nnyy-", "ban": "nnyyy", "mute": "nnyyy", "promote": "nynnn", "add": "....y"},
    "member": {"remove": "nnnnn", "ban": "nnnnn", "mute": "nnnyn", "promote": "nynnn", "add": "nnnnn"},
    "muted": {"remove": "nnnnn", "ban": "nnnnn", "mute": "nnnyn", "promote": "nynnn", "add": "nnnnn"},
    "other": {"remove": "?????", "ban": "?????", "mute": "?????", "promote": "?????", "add": "?????"},
    "banned": {"remove": "?????", "ban": "?????", "mute": "?????", "promote": "?????", "add": "?????"},
}
"""y: done; .: so already, or nothing to do; n: role_too_low; -: not_found; ?: not_a_member, or not_found."""


ACTIONS: dict[str, tuple[str, Any]] = {
    "remove": ("remove", None),
    "ban": ("ban", None),
    "mute": ("put", "muted"),
    "promote": ("put", "moderator"),
    "add": ("add", None),
}


@pytest.mark.parametrize("kind", ["public", "private"])
@pytest.mark.parametrize("caller", MATRIX)
async def test_each_role_does_to_each_what_the_matrix_says(store: Store, caller: str, kind: str) -> None:
    targets = ("t_owner", "t_moderator", "t_member", "t_muted", "t_other")
    callers = {f"c_{role}": role for role in ROLES}
    number = 0
    for name, answers in MATRIX[caller].items():
        action, role = ACTIONS[name]
        for target, mark in zip(targets, answers, strict=True):
            number += 1
            room = f"r{number}"
            members = {user: user[2:] for user in targets[:-1]} | callers
            await store.committer.submit(CreateRoom(id=room, kind=kind, creator="ann"))  # type: ignore[arg-type]
            for user, role_before in members.items():
                await do(store, "ann", "put", user, role=role_before, room=room)
            await do(store, "ann", "ban", "c_banned", room=room)
            before = await roles_in(store, room)
            command = ChangeMembers(
                room_id=room,
                caller=f"c_{caller}",
                action=action,  # type: ignore[arg-type]
                users=(target,),
                role=role,
            )
            outside = "not_a_member" if kind == "public" else "not_found"
            expected = {"n": "role_too_low", "-": "not_found", "?": outside}.get(mark)
            try:
                await store.committer.submit(command)
                code = None
            except Refused as refused:
                code = refused.code
            if mark == "y" and before.get(target) == role and role is not None:
                expected = None  # so already
            assert code == expected, (caller, name, target)
            after = await roles_in(store, room)
            if code is not None:
                assert after == before
            elif action in ("remove", "ban"):
                assert target not in after
            else:
                assert after == before | {target: after[target]}
                assert role is None or after[target] == role


async def test_one_joins_a_public_room_by_oneself_and_a_private_one_only_if_added(store: Store) -> None:
    await make(store)
    assert await code_of(store, "bob", "put", "bob", role="moderator") == "role_too_low"
    assert await code_of(store, "bob", "put", "bob") == "ok"
    await make(store, "private", room="s")
    for action in ("put", "remove", "ban", "unban", "add"):
        with pytest.raises(Refused) as refused:
            await do(store, "bob", action, "bob", room="s")
        assert refused.value.code == "not_found"


async def test_banned_user_cannot_join_until_the_ban_ends(store: Store) -> None:
    await make(store, bob="moderator", cyd="member")
    assert (await do(store, "bob", "ban", "cyd")).roles == {"cyd": None}
    assert await code_of(store, "cyd", "put", "cyd") == "banned"
    assert await code_of(store, "ann", "put", "cyd", role="member") == "banned"
    assert await code_of(store, "ann", "add", "eve", "cyd") == "banned"
    assert set(await roles_in(store)) == {"ann", "bob"}
    ban = await MemberList(store.database).ban("r", "cyd")
    assert ban is not None
    assert (ban.banned_by, ban.banned_at) == ("bob", store.now)
    assert await code_of(store, "cyd", "unban", "cyd") == "not_a_member"
    assert await code_of(store, "bob", "unban", "cyd") == "ok"
    assert await code_of(store, "bob", "unban", "cyd") == "not_found"
    assert await code_of(store, "cyd", "put", "cyd") == "ok"


async def test_nobody_bans_themselves_and_a_ban_again_changes_nothing(store: Store) -> None:
    await make(store, bob="member")
    assert await code_of(store, "ann", "ban", "ann") == "role_too_low"
    await do(store, "ann", "ban", "eve")
    head = await store.log.head()
    store.now += 1000
    await do(store, "ann", "ban", "eve")
    ban = await MemberList(store.database).ban("r", "eve")
    assert ban is not None
    assert ban.banned_at == store.now - 1000
    assert await store.log.head() == head


async def test_one_steps_down_by_oneself_but_the_last_owner_does_not(store: Store) -> None:
    await make(store, bob="owner", cyd="moderator", dan="member", eve="muted")
    assert await code_of(store, "cyd", "put", "cyd", role="muted") == "role_too_low"
    assert await code_of(store, "cyd", "put", "cyd", role="owner") == "role_too_low"
    assert await code_of(store, "cyd", "put", "cyd", role="member") == "ok"
    assert await code_of(store, "dan", "put", "dan", role="muted") == "role_too_low"
    assert await code_of(store, "eve", "put", "eve", role="member") == "role_too_low"
    assert await code_of(store, "bob", "put", "bob", role="moderator") == "ok"
    assert await code_of(store, "ann", "put", "ann", role="moderator") == "last_owner"
    assert (await roles_in(store))["ann"] == "owner"
