"""Resolver: the addresses of a name, in threads of its own, within a time limit.

Promises: a name whose servers do not answer holds one of a bounded number of threads, until the system gives
up, and no other thread of the process; it does not hold those for hosts that are known to work.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from ipaddress import ip_address

from lumen_notify.model.public_address import Address

SECONDS = 3.0
"""For one name, with the time until a thread is free."""

THREADS = 12

THREADS_FOR_KNOWN = 4

MAX_KNOWN = 1000

Lookup = Callable[[str], Sequence[str]]


def system_lookup(host: str) -> Sequence[str]:
    """Return the addresses of a name, as the system has them: hosts file, DNS, and any notation of an IPv4
    address. Raises OSError, UnicodeError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class Resolver:
    """Looks up names. lookup: blocks; runs in a thread. is_known: whether a host is known to work, before it
    was connected to."""

    def __init__(
        self,
        lookup: Lookup = system_lookup,
        *,
        is_known: Callable[[str], bool] = lambda _: False,
        seconds: float = SECONDS,
    ) -> None:
        self._lookup = lookup
        self._is_known = is_known
        self._seconds = seconds
        self._free = asyncio.Semaphore(THREADS)
        self._free_for_known = asyncio.Semaphore(THREADS_FOR_KNOWN)
        self._known: OrderedDict[str, None] = OrderedDict()

    async def resolve(self, host: str) -> Sequence[Address]:
        """Return the addresses of a host, at least one, each once. Raises OSError, of which TimeoutError is
        one."""
        try:
            async with asyncio.timeout(self._seconds):
                texts = await self._in_thread(host)
            addresses = [ip_address(text) for text in dict.fromkeys(texts)]
        except (UnicodeError, ValueError) as error:
            raise OSError("no name of a host") from error
        except TimeoutError:
            self._known.pop(host, None)
            raise
        if not addresses:
            raise OSError("no address")
        return addresses

    def remember(self, host: str) -> None:
        """Remember that a connection to a host was made: it has threads of its own."""
        self._known[host] = None
        self._known.move_to_end(host)
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)

    async def _in_thread(self, host: str) -> Sequence[str]:
        is_known = host in self._known or self._is_known(host)
        free = self._free_for_known if is_known else self._free
        await free.acquire()
        loop = asyncio.get_running_loop()
        result: asyncio.Future[Sequence[str]] = loop.create_future()

        def end(addresses: Sequence[str], error: Exception | None) -> None:
            free.release()
            if result.done():
                return
            if error is None:
                result.set_result(addresses)
            else:
                result.set_exception(error)

        def run() -> None:
            found: Sequence[str] = ()
            failure = None
            try:
                found = self._lookup(host)
            except Exception as error:  # noqa: BLE001 - it belongs to the task that waits
                failure = error
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(end, found, failure)

        try:
            # Not of an executor, whose threads the process waits for when it ends.
            threading.Thread(target=run, name="resolver", daemon=True).start()
        except RuntimeError as error:  # the system has no more threads
            free.release()
            raise OSError("no thread") from error
        return await result
