"""Client: what `send` and `tail` say when `lumen_notify.client` fails."""

from __future__ import annotations

from lumen_notify.errors import LumenError, Refused


class CallFailed(LumenError):
    """The server refused the request or could not be reached. The message never contains the token."""

    code = "call_failed"


def failure_text(error: LumenError) -> str:
    """Describe an error of a client in one line. A refusal has its code before it."""
    return f"{error.code}: {error}" if isinstance(error, Refused) else str(error)
