import asyncio
import signal
import sys

import pytest

from lumen_notify.load_test.process import ServerFailed, ServerProcess, free_port

pytestmark = pytest.mark.server

LISTEN = """
import socket, sys, threading
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
threading.Event().wait()
"""


async def test_a_server_is_measured_while_it_runs_and_gone_afterwards() -> None:
    port = free_port()
    argv = [sys.executable, "-c", LISTEN, str(port)]
    async with ServerProcess(argv, port=port, core=None, env={}) as server:
        assert not server.has_ended
        if sys.platform == "linux":
            assert (server.memory_bytes() or 0) > 1_000_000
            assert (server.cpu_seconds() or 0.0) >= 0.0
    assert server.has_ended


async def test_a_server_that_does_not_start_says_what_it_printed() -> None:
    server = ServerProcess(
        [sys.executable, "-c", "raise SystemExit('no luck')"], port=free_port(), core=None, env={}
    )
    with pytest.raises(ServerFailed, match="no luck"):
        async with server:
            pass


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
async def test_a_server_ends_with_a_measurement_that_is_killed() -> None:
    port = free_port()
    measurement = f"""
import asyncio, sys
from lumen_notify.load_test.process import ServerProcess
async def measure():
    async with ServerProcess([sys.executable, "-c", {LISTEN!r}, "{port}"], port={port}, core=None, env={{}}):
        print("listening", flush=True)
        await asyncio.Event().wait()
asyncio.run(measure())
"""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", measurement, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    assert await asyncio.wait_for(child.stdout.readline(), 30) == b"listening\n"
    child.send_signal(signal.SIGKILL)
    await child.wait()
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionError:  # refused, or reset while it goes
                break
            writer.close()
