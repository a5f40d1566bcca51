"""Log-ins: what the tests of accounts submit, in short: registrations, log-ins, refreshes."""

from __future__ import annotations

import asyncio
from typing import Any

from lumen_notify.auth import RefreshToken
from lumen_notify.commit.accounts.accounts import Account
from lumen_notify.commit.accounts.passwords import Register
from lumen_notify.commit.accounts.sessions import LogIn, NewSession, Refresh

from ..store import DAY_MS, Store

LIFE_MS = 30 * DAY_MS


def session(store: Store, token: RefreshToken) -> NewSession:
    return NewSession(family=token.family, digest=token.digest, expires_at=store.now + LIFE_MS)


def registration(store: Store, user_id: str, name: str, **fields: Any) -> Register:
    token = fields.pop("token", None)
    given: dict[str, Any] = {"display_name": name.title(), "avatar": None, "password_hash": "h1", "scope": ""}
    return Register(
        user_id=user_id,
        username=name,
        session=None if token is None else session(store, token),
        **(given | fields),
    )


async def register(store: Store, user_id: str = "u1", name: str = "ann", **fields: Any) -> Account:
    account: Account = await store.committer.submit(registration(store, user_id, name, **fields))
    return account


async def log_in(store: Store, user_id: str = "u1", **fields: Any) -> RefreshToken:
    token = RefreshToken.new()
    _, known = await store.accounts.by_id(user_id)
    given: dict[str, Any] = {"password_set_at": known.set_at, "password_hash": None}
    await store.committer.submit(LogIn(user_id=user_id, session=session(store, token), **(given | fields)))
    return token


async def refresh(store: Store, token: RefreshToken) -> tuple[Account, RefreshToken]:
    following = token.next()
    account: Account = await store.committer.submit(
        Refresh(
            family=token.family,
            digest=token.digest,
            next_digest=following.digest,
            expires_at=store.now + LIFE_MS,
        )
    )
    return account, following


async def has_ended(store: Store, token: RefreshToken) -> bool:
    (result,) = await asyncio.gather(refresh(store, token), return_exceptions=True)
    assert isinstance(result, tuple) or getattr(result, "code", None) == "session_ended"
    return not isinstance(result, tuple)
