"""Login limiter: rate limits for log-ins and registrations, by account name and by address.

Promises: an attempt counts before its password is checked, so concurrent attempts cannot bypass the limit;
unknown names are limited like known ones; memory is bounded by MAX_WINDOWS.

A window starts with its first attempt. Each process counts for itself. The `limits` library is not used: its
memory storage starts a thread at each count, which walks through all keys, and it uses the system clock.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable
from dataclasses import dataclass

from lumen_notify.errors import RateLimited
from lumen_notify.rates import Window

MAX_WINDOWS = 50_000
"""Windows in memory, about 260 bytes each; beyond that the oldest are dropped."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A number of attempts in a number of seconds. name: in problem documents. of: what is counted, for the
    error message."""

    name: str
    of: str
    attempts: int
    seconds: int


BY_ADDRESS = Limit("log_ins", "log-ins from this address", 300, 3600)
"""Any name: limits a client that tries one password with many names."""

BY_NAME = Limit("log_ins", "log-ins by this name", 100, 3600)
"""Any address: limits clients that try many passwords from many machines."""

BY_BOTH = Limit("log_ins", "log-ins by this name from this address", 10, 60)

REGISTRATIONS = Limit("registrations", "registrations from this address", 100, 3600)


class LoginLimiter:
    """Counts attempts. clock: milliseconds. is_on: False allows everything."""

    def __init__(self, clock: Callable[[], int], *, is_on: bool = True) -> None:
        self._clock = clock
        self._is_on = is_on
        self._windows: dict[tuple[Limit, str], Window] = {}  # the oldest first

    def __len__(self) -> int:
        return len(self._windows)

    def log_in(self, name: str, address: str) -> None:
        """Count one attempt to log in. Raises RateLimited."""
        network = network_of(address)
        self._count(BY_ADDRESS, network)
        self._count(BY_BOTH, f"{name} {network}")
        self._count(BY_NAME, name)

    def reset(self, name: str, address: str) -> None:
        """Forget the attempts of a user who has logged in. Attempts with other names from the address still
        count."""
        self._windows.pop((BY_BOTH, f"{name} {network_of(address)}"), None)
        self._windows.pop((BY_NAME, name), None)

    def register(self, address: str) -> None:
        """Count one attempt to register. Raises RateLimited."""
        self._count(REGISTRATIONS, network_of(address))

    def _count(self, limit: Limit, key: str) -> None:
        if not self._is_on:
            return
        now = self._clock()
        last = self._windows.get((limit, key))
        window = Window.at(now, limit.seconds, last)
        if window is not last:
            self._windows.pop((limit, key), None)
        if window.attempts >= limit.attempts:
            seconds = max(1, math.ceil((window.ends_at - now) / 1000))
            raise RateLimited(
                f"At most {limit.attempts} {limit.of} are allowed in {limit.seconds} s."
                f" Try again in {seconds} s.",
                retry_after_seconds=seconds,
                limit=limit.name,
            )
        self._windows[limit, key] = Window(window.ends_at, window.attempts + 1)
        if len(self._windows) > MAX_WINDOWS:
            self._drop(now)

    def _drop(self, now: int) -> None:
        """Drop the windows that are over, then the oldest if still too many remain."""
        self._windows = {key: window for key, window in self._windows.items() if window.ends_at > now}
        for key in list(self._windows)[: max(0, len(self._windows) - MAX_WINDOWS * 9 // 10)]:
            del self._windows[key]


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
