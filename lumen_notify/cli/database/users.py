"""Users: what `lumen-notify users` does: export all that is stored of a user, and delete a user.

It works on the database directly, whether or not a server is running. A running server ends the user's
streams within a second, and may do some of the steps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lumen_notify.accept.accounts.bodies import normal_username
from lumen_notify.cli.account import open_database
from lumen_notify.commit.accounts.accounts import Accounts
from lumen_notify.commit.audit.audit import COMMAND_LINE
from lumen_notify.commit.database import Database
from lumen_notify.commit.log import Log
from lumen_notify.commit.users.deletion import (
    DeleteUser,
    Deletions,
    Messages,
    delete_users,
)
from lumen_notify.commit.users.export import NoteExport, UserExport, note_exports
from lumen_notify.commit.users.purge import PurgeUser, purge_users
from lumen_notify.errors import Invalid
from lumen_notify.http.fields import user_id
from lumen_notify.model import escape_line_separators, now_ms
from lumen_notify.settings import Settings

LOOK_SECONDS = 0.25
"""The pause before a step that has to wait."""


async def export_user(settings: Settings, user: str, write: Callable[[str], object]) -> None:
    """Write the lines of a user, each with its end. Raises Invalid, DatabaseUnusable, DatabaseUnavailable."""
    async with open_database(settings) as database:
        await _require_id(database, user)
        async with Log(database, now_ms).transaction() as tx:
            await note_exports(tx, [NoteExport(user_id=user, by=COMMAND_LINE)])
        async for lines in UserExport(database).lines(user, now=now_ms()):
            for line in lines:
                write(escape_line_separators(line) + "\n")


async def delete_user(
    settings: Settings, user: str, *, messages: Messages, report: Callable[[str], None]
) -> None:
    """Delete a user, and wait until it is done. report: called with each step. Raises Invalid,
    DatabaseUnusable, DatabaseUnavailable."""
    async with open_database(settings) as database:
        await _require_id(database, user)
        log = Log(database, now_ms)
        async with log.transaction() as tx:
            await delete_users(tx, [DeleteUser(user_id=user, messages=messages, by=COMMAND_LINE)])
        shown = None
        while (deletion := await Deletions(database).get(user)) is not None:
            if deletion.step != shown:
                shown = deletion.step
                report(shown)
            async with log.transaction() as tx:
                (goes_on,) = await purge_users(tx, [PurgeUser(user_id=user)])
            if not goes_on:
                await asyncio.sleep(LOOK_SECONDS)


async def _require_id(database: Database, user: str) -> None:
    """Raise Invalid if this is no user id, or the username of an account, which has another id."""
    try:
        user_id(user)
    except ValueError as error:
        raise Invalid(f"The user id {str(error).removesuffix('.')}.") from None
    try:
        found = await Accounts(database).by_username(normal_username(user))
    except ValueError:
        return
    if found is not None and found[0].user_id != user:
        raise Invalid(f"{user} is the username of an account. Its user id is {found[0].user_id}.")
