"""Vapid: the arguments of `lumen-notify vapid`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from lumen_notify.cli.config import read_settings, require_database
from lumen_notify.cli.options import EnvFile
from lumen_notify.settings import Settings

USE = """\
Keep this private key in a file that only the server may read, and set
LUMEN_PUSH_VAPID_KEY_FILE to its path on all instances:

  (umask 077; lumen-notify vapid > vapid.pem)

With another key, browsers must subscribe again. `lumen-notify vapid --public` prints the public
key of the one in use.\
"""


def vapid(
    *,
    is_public: Annotated[
        bool, typer.Option("--public", help="Print the public key of the one in use, and make none.")
    ] = False,
    _env_file: EnvFile = None,
) -> None:
    """Print a key; on stderr, how to use it."""
    if is_public:
        typer.echo(asyncio.run(_public_key(read_settings())))
        return
    from lumen_notify.push.vapid import new_key_pem  # noqa: PLC0415 - it takes a while

    typer.echo(new_key_pem(), nl=False)
    typer.echo(USE, err=True)


async def _public_key(settings: Settings) -> str:
    """Return the key that browsers subscribe with, in base64url. Raises Misconfigured, NoDatabase."""
    from lumen_notify.cli.account import open_database  # noqa: PLC0415 - as above
    from lumen_notify.commit.shared_key import shared_key  # noqa: PLC0415
    from lumen_notify.model import now_ms  # noqa: PLC0415
    from lumen_notify.push.vapid import Vapid  # noqa: PLC0415

    if settings.push_vapid_key_file is not None:
        return Vapid.from_settings(settings, b"", now_ms).public_key
    require_database(settings)
    async with open_database(settings) as database:
        return Vapid.from_settings(settings, await shared_key(database, "vapid"), now_ms).public_key
