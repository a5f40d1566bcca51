"""Accounts: `lumen-notify account`: make one, give it scopes, set a password that was forgotten.

It writes to the database itself, whether a server runs or not; streams that end by it end within a second.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import typer
from pydantic import SecretStr

from lumen_notify.accept.accounts.bodies import account_name, new_password
from lumen_notify.auth import Passwords
from lumen_notify.auth.passwords import is_like
from lumen_notify.commit.accounts.accounts import Account, Accounts, KnownPassword
from lumen_notify.commit.accounts.passwords import ChangePassword, Register, change_password, register
from lumen_notify.commit.database import Database
from lumen_notify.commit.database.migrations import migrate
from lumen_notify.commit.log import Log
from lumen_notify.errors import Invalid
from lumen_notify.model import new_id, now_ms
from lumen_notify.settings import Secret, Settings


async def keep(settings: Settings, name: str, *, scopes: Sequence[str] | None, sets_password: bool) -> str:
    """Make the account, or change it; return its user's id. scopes: None leaves them.

    Asks for a password where one is needed. Raises Invalid, Conflict, Misconfigured, DatabaseUnavailable.
    """
    try:
        name = account_name(name)
    except ValueError as error:
        raise Invalid(str(error)) from None
    async with _opened(settings) as database:
        found = await Accounts(database).by_name(name)
        if found is None:
            return await _make(database, name, " ".join(scopes or ()))
        if scopes is not None:
            async with database.transaction() as transaction:
                await transaction.run("set_scope", user_id=found[0].user_id, scope=" ".join(scopes))
        if sets_password:
            await _set_password(database, *found)
        return found[0].user_id


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings.database_url)
    try:
        await database.open()
        await migrate(database)
        await Log(database, now_ms).open()
        yield database
    finally:
        await database.close()


async def _make(database: Database, name: str, scope: str) -> str:
    command = Register(
        user_id=new_id(),
        name=name,
        username=name,
        avatar=None,
        password_hash=await _hash(_ask(name)),
        scope=scope,
        session=None,
    )
    async with Log(database, now_ms).transaction() as tx:
        (answer,) = await register(tx, [command])
    if isinstance(answer, Exception):
        raise answer
    return command.user_id


async def _set_password(database: Database, account: Account, known: KnownPassword) -> None:
    command = ChangePassword(
        user_id=account.user_id,
        seen_at=known.set_at,
        password_hash=await _hash(_ask(account.name)),
        session=None,
    )
    async with Log(database, now_ms).transaction() as tx:
        (answer,) = await change_password(tx, [command])
    if isinstance(answer, Exception):
        raise answer


async def _hash(password: Secret) -> str:
    passwords = Passwords()
    try:
        return await passwords.hash(password)
    finally:
        await passwords.close()


def _ask(name: str) -> Secret:
    """Ask at the terminal, twice; take the first line of what is no terminal."""
    try:
        text = _typed() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
        text.encode()
        password = Secret(new_password(SecretStr(text)).get_secret_value())
    except UnicodeError:
        raise Invalid("the password must be text in UTF-8") from None
    except ValueError as error:
        raise Invalid(f"the password {error}") from None
    if is_like(password, name):
        raise Invalid("the password must not be the name")
    return password


def _typed() -> str:
    text: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return text
