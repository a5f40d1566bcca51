"""Accounts: found by name and by id; a profile changes by what is given."""

from __future__ import annotations

import pytest

from lumen_notify.commit.accounts.accounts import Account, ChangeProfile
from lumen_notify.errors import NotFound

from ..store import Store
from .log_ins import register


async def test_a_registered_account_is_found_by_username_and_by_id(store: Store) -> None:
    account = await register(store, avatar="/a.png", scope="notify:publish")
    assert account == Account(
        user_id="u1",
        username="ann",
        display_name="Ann",
        avatar="/a.png",
        scope="notify:publish",
        created_at=store.now,
    )
    by_username = await store.accounts.by_username("ann")
    assert by_username is not None
    assert by_username == await store.accounts.by_id("u1")
    assert by_username[0] == account
    assert (by_username[1].hashed, by_username[1].set_at) == ("h1", store.now)
    assert "h1" not in repr(by_username)
    assert await store.accounts.by_username("bob") is None
    with pytest.raises(NotFound):
        await store.accounts.by_id("u2")


async def test_a_profile_changes_by_what_is_given(store: Store) -> None:
    await register(store, avatar="/a.png")

    async def changed(display_name: str | None, *avatar: str | None) -> tuple[str, str | None]:
        account: Account = await store.committer.submit(
            ChangeProfile(
                user_id="u1",
                display_name=display_name,
                sets_avatar=bool(avatar),
                avatar=avatar[0] if avatar else None,
            )
        )
        assert account == (await store.accounts.by_id("u1"))[0]
        return account.display_name, account.avatar

    assert await changed("Ann B. 🦊") == ("Ann B. 🦊", "/a.png")
    assert await changed(None, "/b.png") == ("Ann B. 🦊", "/b.png")
    assert await changed(None, None) == ("Ann B. 🦊", None)
    with pytest.raises(NotFound):
        await store.committer.submit(
            ChangeProfile(user_id="u2", display_name="x", sets_avatar=False, avatar=None)
        )
