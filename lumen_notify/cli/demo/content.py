"""Content: two users with a room, notifications and a phone, made once per database.

Promises: whatever the users have done since, a later start adds nothing; accounts that others have registered
under the same names are left alone.

The ids of the users are their usernames, so that `lumen-notify token alice` makes a token of the same user.
Their passwords are derived from the server's secret: they are the same at each start, and nobody who lacks
the secret knows them if the database is served for real one day.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
from collections.abc import Callable, Sequence
from typing import Any

from lumen_notify.api.web import DemoUser
from lumen_notify.app import Lumen
from lumen_notify.auth import PasswordHasher
from lumen_notify.cli.account import open_database
from lumen_notify.cli.demo.story import NAMES, ROOM, STORY, TITLE, Said
from lumen_notify.commit.accounts.accounts import Account, Accounts, StoredPassword
from lumen_notify.commit.accounts.passwords import ChangePassword, Register, change_password, register
from lumen_notify.commit.database import Database
from lumen_notify.commit.devices.registration import RegisterDevice, register_devices
from lumen_notify.commit.log import Log
from lumen_notify.commit.rooms.rooms import CreatedRoom, CreateRoom, create_rooms
from lumen_notify.model import new_id, now_ms
from lumen_notify.settings import Secret, Settings

PASSWORD_CHARACTERS = 16
MINUTE_MS = 60_000
PHONE_OWNER = "bob"


async def create_demo(settings: Settings) -> Sequence[DemoUser]:
    """Make what is missing, before the server opens; return the users that can be signed in to.

    settings: with accounts, and with the secret. Raises DatabaseUnusable, DatabaseUnavailable.
    """
    assert settings.jwt_secret is not None
    secret = settings.jwt_secret
    started_at = now_ms()
    hasher = PasswordHasher()
    try:
        async with open_database(settings) as database:
            accounts = Accounts(database)
            found = [await accounts.by_username(username) for username in NAMES]
            is_new = found == [None] * len(NAMES)
            has_room = is_new and await _create_accounts(
                database, hasher, secret, now=started_at - STORY[0].minutes_ago * MINUTE_MS
            )
            users = [one for one in found if one is not None and one[0].user_id == one[0].username]
            await asyncio.gather(*(_renew_password(database, hasher, secret, *one) for one in users))
    finally:
        await hasher.close()
    if is_new:
        await _tell(settings, started_at, has_room=has_room)
        await _add_phone(settings)
    usernames = list(NAMES) if is_new else [account.username for account, _ in users]
    return [
        DemoUser(username=one, name=NAMES[one], password=_password(secret, one).reveal()) for one in usernames
    ]


def _password(secret: Secret, username: str) -> Secret:
    digest = hmac.digest(secret.reveal().encode(), f"demo password of {username}".encode(), "sha256")
    return Secret(base64.b32encode(digest).decode().lower()[:PASSWORD_CHARACTERS])


async def _create_accounts(database: Database, hasher: PasswordHasher, secret: Secret, *, now: int) -> bool:
    """Create the accounts and the room. Return whether the room is new. now: milliseconds."""
    hashes = await asyncio.gather(*(hasher.hash(_password(secret, one)) for one in NAMES))
    accounts = [
        Register(
            user_id=username,
            username=username,
            display_name=name,
            avatar=None,
            password_hash=hashed,
            scope="",
            session=None,
        )
        for (username, name), hashed in zip(NAMES.items(), hashes, strict=True)
    ]
    creator, *members = NAMES
    room = CreateRoom(id=ROOM, kind="public", title=TITLE, creator=creator, members=tuple(members))
    async with Log(database, lambda: now).transaction() as tx:
        await register(tx, accounts)
        (created,) = await create_rooms(tx, [room])
    return isinstance(created, CreatedRoom)


async def _renew_password(
    database: Database, hasher: PasswordHasher, secret: Secret, account: Account, known: StoredPassword
) -> None:
    """Set the password again if it is another one, because the secret has changed."""
    password = _password(secret, account.username)
    if await hasher.verify(known.hashed, password):
        return
    command = ChangePassword(
        user_id=account.user_id,
        seen_at=known.set_at,
        password_hash=await hasher.hash(password),
        session=None,
    )
    async with Log(database, now_ms).transaction() as tx:
        await change_password(tx, [command])


async def _tell(settings: Settings, started_at: int, *, has_room: bool) -> None:
    """Send the messages and notifications, each at its time before the start."""
    minutes_ago = STORY[0].minutes_ago
    clock: Callable[[], int] = lambda: started_at - minutes_ago * MINUTE_MS  # noqa: E731
    async with Lumen(settings, clock=clock) as lumen:
        for one in STORY:
            minutes_ago = one.minutes_ago
            if not isinstance(one, Said):
                sender = None if one.sender is None else _shown(one.sender)
                await lumen.publish(one.user, sender=sender, **one.fields)
            elif has_room:
                await lumen.broadcast_message(ROOM, sender=_shown(one.sender), **one.fields)


async def _add_phone(settings: Settings) -> None:
    """Register a phone for Bob, whose pushes the log shows; after the story, of which nothing is pushed."""
    phone = RegisterDevice(
        id=new_id(),
        user_id=PHONE_OWNER,
        provider="log",
        token=PHONE_OWNER,
        kind="mobile",
        name="Demo phone",
        issued_at=now_ms(),
        max_devices=settings.max_devices_per_user,
    )
    async with open_database(settings) as database, Log(database, now_ms).transaction() as tx:
        await register_devices(tx, [phone])


def _shown(username: str) -> dict[str, Any]:
    return {"id": username, "username": NAMES[username]}
