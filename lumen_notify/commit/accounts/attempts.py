"""Attempts: counts log-ins and registrations, by account name and by address, for all instances together.

Promises: an attempt is counted, and committed, before its password is checked, so concurrent attempts cannot
bypass a limit, on any number of instances; an attempt over a limit counts nowhere; unknown names are limited
like known ones; the database holds hashes, no names and no addresses.

A window starts with its first attempt. The `limits` library is not used: with Redis, which nobody must have,
it would count there; its memory storage counts for one process, starts a thread at each count, which walks
through all keys, and uses the system clock.

Not here: who is asked before a password is checked (`accept/accounts/login_limiter`).
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
from collections.abc import Sequence

from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import value
from lumen_notify.rates import Window

STEP_WINDOWS = 500
"""Windows that one step of retention deletes at most."""

KEY_BYTES = 16
"""Length of the kept prefix of a SHA-256: two keys are never the same by chance."""


@value
class Limit:
    """A number of attempts in a number of seconds. name: in problem documents. by: what counts together, in
    keys. of: what is counted, for the error message."""

    name: str
    by: str
    of: str
    attempts: int
    seconds: int


BY_ADDRESS = Limit(name="log_ins", by="address", of="log-ins from this address", attempts=300, seconds=3600)
"""Any name: limits a client that tries one password with many names."""

BY_NAME = Limit(name="log_ins", by="name", of="log-ins by this name", attempts=100, seconds=3600)
"""Any address: limits clients that try many passwords from many machines."""

BY_BOTH = Limit(
    name="log_ins", by="both", of="log-ins by this name from this address", attempts=10, seconds=60
)

REGISTRATIONS = Limit(
    name="registrations",
    by="registrations",
    of="registrations from this address",
    attempts=100,
    seconds=3600,
)


@value
class Attempt:
    """An attempt, as one limit sees it. key: of its window."""

    limit: Limit
    key: str


@value
class Exceeded:
    """An attempt that is refused. key: of the window that is used up. seconds: until it ends, at least 1."""

    limit: Limit
    key: str
    seconds: int


@value
class CountAttempt:
    """Count an attempt in the windows of all its limits, unless one is used up. The result: Exceeded, or None
    if it may go on."""

    attempts: tuple[Attempt, ...]

    @property
    def conflict_key(self) -> None:
        """None: the handler counts one after another."""
        return None


@value
class TrimAttempts:
    """Delete one step of windows that are over. The result: how many."""

    @property
    def conflict_key(self) -> str:
        """At most one step of retention per transaction, so that it stays short."""
        return "retention"


def log_in_attempts(name: str, address: str) -> tuple[Attempt, ...]:
    """Return the attempt to log in with a name from an address, as each of its limits sees it."""
    network = network_of(address)
    return (
        _attempt(BY_ADDRESS, network),
        _attempt(BY_BOTH, f"{name} {network}"),
        _attempt(BY_NAME, name),
    )


def registration_attempts(address: str) -> tuple[Attempt, ...]:
    """Return the attempt to register from an address."""
    return (_attempt(REGISTRATIONS, network_of(address)),)


def keys_of_user(name: str, address: str) -> tuple[str, ...]:
    """Return the windows that are forgotten once the user has logged in. Attempts with other names from the
    address still count."""
    return tuple(one.key for one in log_in_attempts(name, address) if one.limit.by != BY_ADDRESS.by)


async def count_attempts(tx: Transaction, commands: Sequence[CountAttempt]) -> Sequence[Exceeded | None]:
    """Handle CountAttempt: a `committer.Handler`."""
    keys = sorted({attempt.key for command in commands for attempt in command.attempts})
    rows = await tx.run("load_attempt_windows", rows=[{"key": key} for key in keys])
    stored = {key: Window(ends_at, attempts) for key, ends_at, attempts in rows}
    windows = dict(stored)
    results = [_count(command.attempts, windows, tx.now) for command in commands]
    tx.add(
        "upsert_attempt_windows",
        rows=[
            {"key": key, "ends_at": window.ends_at, "attempts": window.attempts}
            for key, window in sorted(windows.items())
            if window != stored.get(key)
        ],
    )
    return results


def forget_attempts(tx: Transaction, keys: Sequence[str]) -> None:
    """Delete windows, by key."""
    tx.add("delete_attempt_windows", rows=[{"key": key} for key in keys])


async def trim_attempts(tx: Transaction, commands: Sequence[TrimAttempts]) -> Sequence[int]:
    """Handle TrimAttempts: a `committer.Handler`."""
    return [len(await tx.run("trim_attempt_windows", now=tx.now, limit=STEP_WINDOWS)) for _ in commands]


def _count(attempts: Sequence[Attempt], windows: dict[str, Window], now: int) -> Exceeded | None:
    counted: dict[str, Window] = {}
    for attempt in attempts:
        window = Window.at(now, attempt.limit.seconds, windows.get(attempt.key))
        if window.attempts >= attempt.limit.attempts:
            seconds = max(1, math.ceil((window.ends_at - now) / 1000))
            return Exceeded(limit=attempt.limit, key=attempt.key, seconds=seconds)
        counted[attempt.key] = Window(window.ends_at, window.attempts + 1)
    windows |= counted
    return None


def _attempt(limit: Limit, what: str) -> Attempt:
    digest = hashlib.sha256(f"{limit.by} {what}".encode()).digest()
    return Attempt(limit=limit, key=digest[:KEY_BYTES].hex())


def network_of(address: str) -> str:
    """Return the unit that counts as one address: for IPv6 the /64, the usual size for one customer (RFC
    6177)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.IPv6Network((parsed.packed, 64), strict=False))
    return str(parsed)
