"""Listener: the sockets of one process, and of several at one address."""

from __future__ import annotations

import socket
import sys
from collections import Counter
from contextlib import ExitStack

import pytest

from lumen_notify.cli.listener import listen, listen_at, listen_for_workers
from lumen_notify.errors import Misconfigured
from lumen_notify.settings import Settings


def settings(port: int = 0, workers: int = 3) -> Settings:
    return Settings(host="127.0.0.1", port=port, workers=workers, database_url="postgresql://x@y/z")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not spread connections")
def test_connections_spread_evenly_over_the_sockets_of_workers() -> None:
    with ExitStack() as stack:
        sockets = [stack.enter_context(one) for one in listen_for_workers(settings())]
        addresses = {one.getsockname() for one in sockets}
        assert len(addresses) == 1
        (address,) = addresses
        connections = 200
        for _ in range(connections):
            stack.enter_context(socket.create_connection(address))
        spread = Counter[int]()
        for number, one in enumerate(sockets):
            one.setblocking(False)
            try:
                while True:
                    one.accept()[0].close()
                    spread[number] += 1
            except BlockingIOError:
                pass
        assert spread.total() == connections
        assert min(spread[number] for number in range(3)) > 30, "five standard deviations below the mean"


def test_workers_do_not_join_another_server_at_the_port() -> None:
    with ExitStack() as stack:
        sockets = [stack.enter_context(one) for one in listen_for_workers(settings())]
        port = sockets[0].getsockname()[1]
        for listening in (listen, listen_for_workers):
            with pytest.raises(Misconfigured, match=f"{port} is in use by another process at 127.0.0.1"):
                listening(settings(port))
    with listen_at("127.0.0.1", port, 30.0), pytest.raises(Misconfigured, match="is in use"):
        listen_for_workers(settings(port))


def test_accepted_connections_end_when_their_peer_is_silent() -> None:
    if sys.platform != "linux":
        pytest.skip("the option is Linux's")
    with ExitStack() as stack:
        for one in (*listen_for_workers(settings()), listen(settings())):
            stack.enter_context(one)
            assert one.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
