"""Redis client: what is published is received by all who subscribe, and every outage is one kind of error."""

from __future__ import annotations

import asyncio
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import servers
from certificates import make_certificate
from lumen_notify import redis_client as module
from lumen_notify.errors import BackplaneUnavailable
from lumen_notify.redis_client import RedisClient
from relay import relay_to
from valkey import Valkey, program


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[RedisClient]:
    client = RedisClient(url)
    try:
        yield client
    finally:
        await client.close()


async def carries(url: str) -> bool:
    """Return whether a payload that is published comes back."""
    async with connected(url) as client:
        subscription = await client.subscribe("a channel")
        await client.publish("a channel", "hello")
        payload = await asyncio.wait_for(subscription.receive(), 20)
        await subscription.close()
        return payload == b"hello"


async def test_payload_reaches_all_who_subscribe_and_nobody_else(valkey: Valkey) -> None:
    async with connected(valkey.url) as first, connected(f"{valkey.url}/1") as second:
        subscriptions = [await client.subscribe("a") for client in (first, second)]
        await first.publish("b", "for nobody")
        await first.publish("a", "for all")
        assert [await one.receive() for one in subscriptions] == [b"for all"] * 2
        await first.execute("SET", "key", 1)
        assert await first.execute("GET", "key") == b"1"
        assert await second.execute("GET", "key") is None, "another database of the same server"
        for one in subscriptions:
            await one.close()


async def test_server_that_is_killed_raises_and_works_again_once_it_is_back(valkey: Valkey) -> None:
    async with connected(valkey.url) as client:
        subscription = await client.subscribe("a")
        valkey.kill()
        with pytest.raises(BackplaneUnavailable, match=f"Redis at 127.0.0.1 port {valkey.port} does not"):
            await subscription.receive()
        await subscription.close()
        with pytest.raises(BackplaneUnavailable):
            await client.execute("PING")
        with pytest.raises(BackplaneUnavailable):
            await client.subscribe("a")
        valkey.start()
        assert await client.execute("PING")


async def test_server_that_does_not_answer_raises_in_time(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(valkey.url) as client:
        await client.execute("PING")
        valkey.process.send_signal(signal.SIGSTOP)
        monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.1)
        with pytest.raises(BackplaneUnavailable, match="does not answer"):
            await client.execute("PING")
        with pytest.raises(BackplaneUnavailable, match="does not answer"):
            await client.subscribe("a")
        valkey.process.send_signal(signal.SIGCONT)
        monkeypatch.undo()
        assert await client.execute("PING"), "a late answer to another command is not taken for this one's"
        assert await client.execute("ECHO", "me") == b"me"


async def test_call_that_is_cancelled_ends_at_any_moment(valkey: Valkey) -> None:
    async with connected(valkey.url) as client:
        for turns in range(8):
            call = asyncio.ensure_future(client.publish("a", "x"))
            for _ in range(turns):
                await asyncio.sleep(0)
            has_ended = not call.cancel()
            await asyncio.wait([call])
            assert has_ended or call.cancelled()
        assert await client.execute("ECHO", "me") == b"me"


@pytest.mark.server
async def test_password_and_socket_are_used() -> None:
    folder = servers.server_folder("valkey")
    socket = folder / "socket"
    options = ("--requirepass", "s3cret", "--unixsocket", str(socket))
    with servers.temporary(Valkey(folder, options=options)) as server:
        assert await carries(f"redis://:s3cret@127.0.0.1:{server.port}/2")
        assert await carries(f"unix://:s3cret@{socket}?db=1")
        with pytest.raises(BackplaneUnavailable, match="Authentication required"):
            await carries(server.url)


async def test_certificate_of_an_encrypted_server_is_checked(valkey: Valkey, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate.cert, certificate.key)
    async with relay_to(valkey.port, tls) as url:
        address = url.removeprefix("http://")
        assert await carries(f"rediss://{address}?ssl_ca_certs={certificate.cert}")
        with pytest.raises(BackplaneUnavailable, match="certificate verify failed"):
            await carries(f"rediss://{address}")


@pytest.mark.server
async def test_sentinel_names_the_server() -> None:
    with servers.temporary(Valkey()) as server, servers.temporary(Sentinel(server)) as sentinel:
        assert await carries(f"redis+sentinel://127.0.0.1:{sentinel.port},127.0.0.1:1/main")
        with pytest.raises(BackplaneUnavailable, match="No master found"):
            await carries(f"redis+sentinel://127.0.0.1:{sentinel.port}/other")


class Sentinel(Valkey):
    """A Sentinel that watches one server by the name `main`."""

    name = "sentinel"

    def __init__(self, watched: Valkey) -> None:
        super().__init__()
        self._config = self.folder / "sentinel.conf"
        self._config.write_text(f"sentinel monitor main 127.0.0.1 {watched.port} 1\n")

    def _command(self) -> list[str]:
        return [program(), str(self._config), "--sentinel", "--port", str(self.port), "--bind", "127.0.0.1"]
