"""Public network: connections to the public Internet alone, for URLs that come from users.

Promises: the name is resolved once for each connection, every address of it is checked, and the connection is
made to an address that was checked, so that a name cannot change its mind in between. TLS verifies the name.
The port is 443.
"""

from __future__ import annotations

from collections.abc import Iterable

import httpcore

from lumen_notify.model.endpoint import PORT
from lumen_notify.model.public_address import is_public
from lumen_notify.push.resolver import Resolver

MAX_ADDRESSES = 4
"""Of one name that are tried."""

CONNECT_SECONDS = 3.0
"""For one address."""


class AddressRefused(Exception):
    """An address is not allowed. The text has neither the address nor the name."""


class PublicNetwork(httpcore.AsyncNetworkBackend):
    """Makes connections. allows_private: to any address and port. network: makes them to an address."""

    def __init__(
        self,
        *,
        allows_private: bool = False,
        resolver: Resolver | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._allows_private = allows_private
        self._resolver = resolver or Resolver()
        self._network = network or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a host. Raises AddressRefused, and the errors of httpcore."""
        failure: Exception = httpcore.ConnectError("no address")
        for address in (await self._allowed_addresses(host, port))[:MAX_ADDRESSES]:
            try:
                stream = await self._network.connect_tcp(
                    address,
                    port,
                    timeout=min(timeout or CONNECT_SECONDS, CONNECT_SECONDS),
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                self._resolver.remember(host)
                return stream
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Wait, between attempts."""
        await self._network.sleep(seconds)

    async def _allowed_addresses(self, host: str, port: int) -> list[str]:
        if port != PORT and not self._allows_private:
            raise AddressRefused(f"port is not {PORT}")
        try:
            addresses = await self._resolver.resolve(host)
        except TimeoutError:
            raise httpcore.ConnectTimeout("resolver") from None
        except OSError:
            raise httpcore.ConnectError("resolver") from None
        if not self._allows_private and not all(is_public(address) for address in addresses):
            raise AddressRefused("address is not public")
        return [str(address) for address in addresses]
