"""Log: prints pushes, to try them without any service. The only place where content reaches the log."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.push.provider import MAX_PAYLOAD_BYTES
from lumen_notify.push.push import SENT, Push, Result, Target
from lumen_notify.settings import Settings

_log = logging.getLogger("lumen_notify.push")


class LogProvider:
    """Prints each push in one line."""

    name = "log"

    async def send(self, push: Push, target: Target) -> Result:
        """Print a push."""
        _log.info(
            "Push to %s, device %s: %s", target.user_id, target.id, push.encode(MAX_PAYLOAD_BYTES).decode()
        )
        return SENT

    def config(self) -> Mapping[str, Any]:
        """Return nothing: a device needs no key."""
        return {}

    async def close(self) -> None:
        """Do nothing."""


async def open_provider(_settings: Settings, _database: Database) -> LogProvider:
    """Return the provider."""
    return LogProvider()
