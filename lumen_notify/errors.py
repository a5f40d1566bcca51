"""Errors: the exceptions that lumen-notify raises on purpose.

    LumenError
    ├── Refused                the caller can correct the request
    │   ├── Invalid            a field, header or parameter is wrong; `faults` names it
    │   ├── Unauthenticated    the token is missing or not valid
    │   ├── Forbidden          the token is valid, but does not allow this
    │   ├── NotFound           the object does not exist, or the caller may not see it
    │   ├── Conflict           the request contradicts the current state
    │   ├── TooLarge           a body or a list exceeds its limit
    │   ├── EncodingUnsupported  the body is compressed
    │   └── RateLimited        too many requests; `retry_after_seconds` says when to retry
    ├── Unavailable            a dependency is down; the same call may work later
    │   ├── DatabaseUnavailable
    │   ├── BackplaneUnavailable
    │   └── Unreachable        a client gets no response from the server
    ├── ServerError            a client gets a response that says that the server failed
    ├── DatabaseUnusable       somebody has to change something about the database; the process does not start
    └── Misconfigured          the settings are not valid; the process does not start

The message gives the actual value and the limit, never a token or a payload. Only `http/problems.py` turns an
error into a status code. The end of a stream is not an error: see `model.CloseReason`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

MAX_FAULTS_IN_TEXT = 5
"""How many faults the text of an error names; `Invalid.faults` has more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One error in one field. `field` is a dotted path such as `to.users.3`."""

    field: str
    message: str


class LumenError(Exception):
    """The base class of all errors here. `code` is stable: clients may branch on it."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class Refused(LumenError):
    """The request is refused. Nothing was changed."""

    code = "refused"


class Invalid(Refused):
    """One or more fields are wrong. `faults`: the errors by field, in the order of the fields; may be
    empty."""

    code = "invalid"

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        faults: Sequence[Fault] = (),
        code: str | None = None,
    ) -> None:
        super().__init__(message, code=code)
        if field is not None:
            faults = (*faults, Fault(field=field, message=message))
        self.faults = tuple(faults)

    def __str__(self) -> str:
        """Return the message, with each fault after it."""
        if any(one.message == self.message for one in self.faults):  # a predicate about one field
            return f"`{self.faults[-1].field}` {self.message}."
        if not self.faults or any(one.message.removesuffix(".") in self.message for one in self.faults):
            return self.message
        texts = [f"`{one.field}` {one.message.removesuffix('.')}" for one in self.faults[:MAX_FAULTS_IN_TEXT]]
        if len(self.faults) > len(texts):
            texts.append("and so on")
        return f"{self.message.removesuffix('.')}: {'; '.join(texts)}."

    @classmethod
    def of(cls, faults: Sequence[Fault], *, number: int | None = None) -> Self:
        """Build it from at least one fault. number: of all faults, if `faults` has only the first ones."""
        number = len(faults) if number is None else number
        return cls(f"{number} field{'s are' if number > 1 else ' is'} invalid.", faults=faults)


class Unauthenticated(Refused):
    """The token is missing, malformed, forged, expired or for another audience."""

    code = "unauthenticated"


class Forbidden(Refused):
    """The token is valid, but does not allow this. The message names the scope that would."""

    code = "forbidden"


class NotFound(Refused):
    """The object does not exist, or the caller may not see it. Both get the same answer."""

    code = "not_found"


class Conflict(Refused):
    """The request contradicts the current state."""

    code = "conflict"


class TooLarge(Refused):
    """A body exceeds its limit. The message gives the limit in bytes."""

    code = "too_large"


class EncodingUnsupported(Refused):
    """The body has a `Content-Encoding`."""

    code = "encoding_unsupported"


class RateLimited(Refused):
    """Too many requests. `retry_after_seconds`: when the next may succeed, at least 1. `limit`: its name."""

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after_seconds: int, limit: str) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
        self.limit = limit


class Unavailable(LumenError):
    """A dependency does not answer. It is unknown whether a write was committed: repeat it with the same
    `Idempotency-Key`."""

    code = "unavailable"


class DatabaseUnavailable(Unavailable):
    """The database refused, timed out or closed the connection. is_known: it has reported that it has written
    nothing."""

    code = "database_unavailable"

    is_known = False


class BackplaneUnavailable(Unavailable):
    """Other instances cannot be reached: Redis, or the connection that listens to PostgreSQL, does not
    answer, or answers and does not deliver."""

    code = "backplane_unavailable"


class Unreachable(Unavailable):
    """`lumen_notify.client` gets no response: the server cannot be reached, or does not answer in time."""

    code = "unreachable"


class ServerError(LumenError):
    """`lumen_notify.client` gets an error of the server, which has logged it, or a response that is not from
    lumen-notify (`unexpected_response`)."""

    code = "internal"


class DatabaseUnusable(LumenError):
    """No process can start on this database as it is. The message names what is wrong, and the way out."""

    code = "database_unusable"


class Misconfigured(LumenError):
    """The settings are not valid. `problems`: (variable name, problem), never the value."""

    code = "misconfigured"

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{name}: {problem}" for name, problem in problems))
