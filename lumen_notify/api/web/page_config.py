"""Page config: what the pages must know of the server before anyone is signed in, at `page/config.json`."""

from __future__ import annotations

import dataclasses
import ipaddress
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from lumen_notify.auth import ADMIN, PUBLISH
from lumen_notify.model import value

TOKEN_COMMAND = "lumen-notify token alice"  # noqa: S105 - the command that the sign-in form shows
ADMIN_TOKEN_COMMAND = f"lumen-notify token admin --scope {ADMIN} --scope {PUBLISH}"
PROGRAM = "lumen-notify"


def command_in(folder: Path, command: str) -> str:
    """Return the shell command that runs a command of the program in a folder, whether or not the program is
    on the PATH."""
    program = Path(sys.prefix) / "bin" / PROGRAM
    if shutil.which(PROGRAM) is None and program.exists():
        command = shlex.quote(str(program)) + command.removeprefix(PROGRAM)
    return f"cd {shlex.quote(str(folder))} && {command}"


@value
class DemoUser:
    """An account that anyone who opens the page may sign in to. name: as others see it."""

    username: str
    name: str
    password: str = dataclasses.field(repr=False)


@value
class PageConfig:
    """What the sign-in forms depend on.

    accounts: whether users log in with a username and a password. registration: whether they may create an
    account. demo_users: to sign in as by one click. token_command, admin_token_command: make a token where
    the server runs, of a user and of an administrator; None if tokens come from elsewhere.
    """

    accounts: bool = False
    registration: bool = False
    demo_users: Sequence[DemoUser] = ()
    token_command: str | None = TOKEN_COMMAND
    admin_token_command: str | None = ADMIN_TOKEN_COMMAND

    def as_json(self, host: str) -> dict[str, object]:
        """Return it as the page reads it. host: the header of the request: a page of another site, whose name
        resolves to this machine (DNS rebinding), gets no passwords. Neither it nor who comes by a proxy
        learns in which folder the server runs."""
        if is_loopback(host):
            return dataclasses.asdict(self)
        return dataclasses.asdict(
            dataclasses.replace(
                self,
                demo_users=(),
                token_command=None if self.token_command is None else TOKEN_COMMAND,
                admin_token_command=None if self.admin_token_command is None else ADMIN_TOKEN_COMMAND,
            )
        )


def is_loopback(host: str) -> bool:
    """Return whether a Host header names this machine for certain: `localhost`, or a loopback address."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
