"""lumen-notify: a notification server that runs beside your application. `docs/architecture.md` explains it.

Layers, each importing only those below it (checked by import-linter):

    cli, load_test   the command line; the load test that `lumen-notify bench` runs
    client           calls a server from another process; needs none of the layers below but errors
    app              `Lumen`: the ASGI application and the library
    notifier         the library's calls for rooms and direct messages
    api              routes, pages and the OpenAPI document
    services         the long-lived objects of a running server
    accept, deliver  accept validates requests and submits commands; deliver sends events on streams
    http, commit     http has requests, responses and problems; commit runs commands and appends events
    auth, metrics    tokens, tickets and passwords; Prometheus metrics
    model, settings  values shared by all layers; LUMEN_ environment variables
    rates, errors    the arithmetic of rate limits; the exceptions

A request passes accept, then commit; its events pass from commit's log to deliver. accept and deliver never
import each other: `services` connects commit to deliver.

Terms:

    notification  a message to users; has a sender, a category (like, comment, follow, system or any slug)
                  and a priority (low, normal, high, urgent)
    audience      the recipients: `user:<id>`, `room:<id>` or `all`
    command       a validated request to change something
    committer     runs many commands in one transaction
    event         one row of the log
    log           all events, in commit order
    position      the number of an event, without gaps
    epoch         the identity of the log
    tail          reads new events from the log
    hub           finds the channels of an audience
    channel       one user with at least one open stream in this process
    stream        one open connection of a user
    connection    what writes the bytes of one stream
    frame         one event as sent on a stream
    device        mobile, desktop or tablet, as the client states it
    principal     the caller, as the token describes them
    close reason  why a stream ended
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lumen_notify.errors import (
    BackplaneUnavailable,
    Conflict,
    DatabaseUnavailable,
    DatabaseUnusable,
    EncodingUnsupported,
    Fault,
    Forbidden,
    Invalid,
    LumenError,
    Misconfigured,
    NotFound,
    RateLimited,
    Refused,
    ServerError,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unreachable,
)

if TYPE_CHECKING:
    from lumen_notify.app import Lumen
    from lumen_notify.settings import Settings

__all__ = [
    "BackplaneUnavailable",
    "Conflict",
    "DatabaseUnavailable",
    "DatabaseUnusable",
    "EncodingUnsupported",
    "Fault",
    "Forbidden",
    "Invalid",
    "Lumen",
    "LumenError",
    "Misconfigured",
    "NotFound",
    "RateLimited",
    "Refused",
    "ServerError",
    "Settings",
    "TooLarge",
    "Unauthenticated",
    "Unavailable",
    "Unreachable",
]

_MODULES = {"Lumen": "lumen_notify.app", "Settings": "lumen_notify.settings"}


def __getattr__(name: str) -> Any:
    """Import `Lumen` and `Settings` on first use (PEP 562), so that a command without a server starts
    fast."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
