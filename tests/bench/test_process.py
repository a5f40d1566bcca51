import sys

import pytest

from lumen_notify.bench.process import Server, ServerFailed, free_port

LISTEN = """
import socket, sys, threading
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
threading.Event().wait()
"""


async def test_a_server_is_measured_while_it_runs_and_gone_afterwards() -> None:
    port = free_port()
    async with Server([sys.executable, "-c", LISTEN, str(port)], port=port, core=None, env={}) as server:
        assert not server.has_ended
        if sys.platform == "linux":
            assert (server.memory_bytes() or 0) > 1_000_000
            assert (server.cpu_seconds() or 0.0) >= 0.0
    assert server.has_ended


async def test_a_server_that_does_not_start_says_what_it_printed() -> None:
    server = Server(
        [sys.executable, "-c", "raise SystemExit('no luck')"], port=free_port(), core=None, env={}
    )
    with pytest.raises(ServerFailed, match="no luck"):
        async with server:
            pass
