"""Errors: every reason for which a request, a start or a store says no.

    LumenError
    ├── Refused                the caller can do something about it
    │   ├── Invalid            a field, header or parameter is wrong; `field` names it
    │   ├── Unauthenticated    no token, or one that does not hold
    │   ├── Forbidden          a good token that may not do this
    │   ├── NotFound           no such thing, or not the caller's
    │   ├── Conflict           it contradicts what is already there
    │   ├── TooLarge           a body or a list beyond its limit
    │   └── RateLimited        too many at once; `retry_after_seconds` says when
    ├── Unavailable            a part is down; the same call may work later
    │   ├── DatabaseUnavailable
    │   └── BackplaneUnavailable
    └── Misconfigured          the settings cannot work; the process does not start

The text gives the actual value and the limit, never a token or a payload.
`accept/problems.py` is the only place that turns one into a status. How a
stream ended is no error: see `model.CloseReason`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with one field. `field` is a dotted path such as `to.users.3`."""

    field: str
    message: str


class LumenError(Exception):
    """The root of all errors raised on purpose. `code` is stable: clients may branch on it."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class Refused(LumenError):
    """The request cannot be done as it stands. Nothing was changed."""

    code = "refused"


class Invalid(Refused):
    """One or several fields are wrong. `faults`: at least one, in the order of the fields."""

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

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> Self:
        """Build it from at least one fault."""
        number = len(faults)
        return cls(f"{number} field{'s are' if number > 1 else ' is'} invalid.", faults=faults)


class Unauthenticated(Refused):
    """No token, or one that is malformed, forged, expired or meant for somebody else."""

    code = "unauthenticated"


class Forbidden(Refused):
    """The token holds, but does not allow this. The text names the scope that would."""

    code = "forbidden"


class NotFound(Refused):
    """There is no such thing, or it is not the caller's to see. Both answer alike."""

    code = "not_found"


class Conflict(Refused):
    """It contradicts what is already there."""

    code = "conflict"


class TooLarge(Refused):
    """A body beyond its limit. The text gives the limit in bytes."""

    code = "too_large"


class RateLimited(Refused):
    """Too many requests. `retry_after_seconds`: when the next may pass, at least 1."""

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(LumenError):
    """A part that this needs does not answer. Whether a write happened is not known:
    repeat it with the same `Idempotency-Key`."""

    code = "unavailable"


class DatabaseUnavailable(Unavailable):
    """The database refused, timed out or broke the connection."""

    code = "database_unavailable"


class BackplaneUnavailable(Unavailable):
    """The link between the instances is down. Events are late, not lost."""

    code = "backplane_unavailable"


class Misconfigured(LumenError):
    """The settings cannot work. `problems`: (variable name, what is wrong), never the value."""

    code = "misconfigured"

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{name}: {problem}" for name, problem in problems))
