"""lumen-notify: a notification centre that runs beside your application.

The map. A request goes down the first column, its events down the second:

    accept/   a request becomes a command, or a refusal      deliver/  an event becomes frames
    commit/   many commands, one transaction, the log                  on the streams it concerns

    cli > app > (accept | deliver) > commit > auth > (model | settings) > errors

Nothing imports upwards, and `accept` and `deliver` never import each other: `app` passes the one
what it needs of the other.

The words:

    notification  something a user is to see; has a sender, a category (like, comment, follow, system,
                  any slug) and a priority (low, normal, high, urgent)
    audience      whom it is for: `user:<id>`, `room:<id>`, `all`
    command       a request as accepted, on its way into a transaction
    committer     takes commands, writes many in one transaction
    event         one row of the log; position: its number, without holes; epoch: which log it is
    log           all events in the order of their commits
    backplane     tells the other instances that the log has grown
    tail          follows the log; hub: finds the channels of an audience
    channel       one user who is connected here; stream: one open event stream; connection: our end of it
    frame         an event as the wire has it
    device        mobile, desktop or tablet; what a stream says it runs on
    principal     who asks, as the token says
    close reason  why a stream ended
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lumen_notify.app import Lumen
    from lumen_notify.settings import Settings

__all__ = ["Lumen", "Settings"]

_HOMES = {"Lumen": "lumen_notify.app", "Settings": "lumen_notify.settings"}


def __getattr__(name: str) -> Any:
    """Import what is asked for (PEP 562), and only then: a command that needs no server is done by the time
    that one takes to import."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
