"""Account: what `lumen-notify account` does: create an account, set its scopes, reset its password.

It writes to the database directly, whether or not a server is running. When a user's sessions end, a running
server closes their streams within a second.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import typer
from pydantic import SecretStr

from lumen_notify.accept.accounts.bodies import new_password, normal_username
from lumen_notify.auth import PasswordHasher
from lumen_notify.auth.password_hasher import is_same_as_username
from lumen_notify.commit.accounts.accounts import Account, Accounts, StoredPassword, set_scope
from lumen_notify.commit.accounts.passwords import ChangePassword, Register, change_password, register
from lumen_notify.commit.database import Database
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.commit.database.startup_errors import explained
from lumen_notify.commit.log import Log
from lumen_notify.errors import Invalid
from lumen_notify.model import new_id, now_ms
from lumen_notify.settings import Secret, Settings


async def save_account(
    settings: Settings, username: str, *, scopes: Sequence[str] | None, sets_password: bool
) -> str:
    """Create the account, or change it; return its user id. scopes: None leaves them unchanged.

    Asks for a password if the account is new or `sets_password` is true. Raises Invalid, Conflict,
    DatabaseUnusable, DatabaseUnavailable.
    """
    try:
        username = normal_username(username)
    except ValueError as error:
        raise Invalid(f"The username {_predicate(error)}.") from None
    async with open_database(settings) as database:
        found = await Accounts(database).by_username(username)
        if found is None:
            return await _create(database, username, " ".join(scopes or ()))
        if scopes is not None:
            await set_scope(database, found[0].user_id, " ".join(scopes))
        if sets_password:
            await _set_password(database, *found)
        return found[0].user_id


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """Open the database, migrated, for work beside a server. Raises DatabaseUnusable, DatabaseUnavailable."""
    database = Database(settings.database_url)
    try:
        with explained(settings.database_url):
            await database.open()
            await migrate(database)
            await Log(database, now_ms).open()
        yield database
    finally:
        await database.close()


async def _create(database: Database, username: str, scope: str) -> str:
    command = Register(
        user_id=new_id(),
        username=username,
        display_name=username,
        avatar=None,
        password_hash=await _hash(_read_password(username)),
        scope=scope,
        session=None,
    )
    async with Log(database, now_ms).transaction() as tx:
        (answer,) = await register(tx, [command])
    if isinstance(answer, Exception):
        raise answer
    return command.user_id


async def _set_password(database: Database, account: Account, known: StoredPassword) -> None:
    command = ChangePassword(
        user_id=account.user_id,
        seen_at=known.set_at,
        password_hash=await _hash(_read_password(account.username)),
        session=None,
    )
    async with Log(database, now_ms).transaction() as tx:
        (answer,) = await change_password(tx, [command])
    if isinstance(answer, Exception):
        raise answer


async def _hash(password: Secret) -> str:
    hasher = PasswordHasher()
    try:
        return await hasher.hash(password)
    finally:
        await hasher.close()


def _read_password(username: str) -> Secret:
    """Prompt twice on a terminal; otherwise read the first line of stdin."""
    try:
        text = _prompt() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
        text.encode()
        password = Secret(new_password(SecretStr(text)).get_secret_value())
    except UnicodeError:
        raise Invalid("The password must be UTF-8 text.") from None
    except ValueError as error:
        raise Invalid(f"The password {_predicate(error)}.") from None
    if is_same_as_username(password, username):
        raise Invalid("The password must not be the username.")
    return password


def _prompt() -> str:
    text: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return text


def _predicate(error: ValueError) -> str:
    return str(error).removesuffix(".")
