"""Public network: an URL of a user reaches the public Internet alone, whatever its name says and when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpcore
import pytest

from certificates import Authority
from lumen_notify.push import http_client
from lumen_notify.push.http_client import MAX_ANSWER_BYTES, HttpClient
from lumen_notify.push.public_network import MAX_ADDRESSES, AddressRefused, PublicNetwork
from lumen_notify.push.resolver import Resolver, system_lookup
from push.services.https_service import HttpsService, Reply, Request

PUBLIC = "198.41.0.4"
"""Which `Wire` connects to the service of a test."""


class Wire(httpcore.AsyncNetworkBackend):
    """Connects PUBLIC to a service on the loopback address. addresses: those that were asked for."""

    def __init__(self, port: int = 0) -> None:
        self.addresses: list[str] = []
        self._port = port
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self, host: str, port: int, *args: Any, **options: Any
    ) -> httpcore.AsyncNetworkStream:
        self.addresses.append(host)
        if host != PUBLIC:
            raise httpcore.ConnectError
        return await self._network.connect_tcp("127.0.0.1", self._port, **options)


class Names:
    """The addresses of the names, in turn: one list for each lookup, the last one for all that follow."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.lookups = 0

    def __call__(self, host: str) -> Sequence[str]:
        self.lookups += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Greeter(HttpsService):
    def answer(self, request: Request) -> Reply:
        return Reply(status=200, body=b"hello")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def service(tmp_path: Path, authority: Authority) -> Iterator[Greeter]:
    with Greeter(tmp_path, authority=authority, name="push.example") as one:
        yield one


def port_of(service: HttpsService) -> int:
    return int(service.url.rpartition(":")[2])


def client_of(authority: Authority, wire: Wire, names: Names) -> HttpClient:
    network = PublicNetwork(resolver=Resolver(names), network=wire)
    return HttpClient(verify=authority.trust(), network=network)


async def post(client: HttpClient, url: str = "https://push.example/x") -> http_client.Answer:
    return await client.post(url, headers={}, content=b"{}")


async def test_connection_is_made_to_the_address_that_was_checked(
    service: Greeter, authority: Authority
) -> None:
    wire, names = Wire(port_of(service)), Names([PUBLIC])
    client = client_of(authority, wire, names)
    for _ in range(3):
        assert (await post(client)).body == b"hello"
    assert (wire.addresses, names.lookups) == ([PUBLIC], 1)
    await client.close()


async def test_name_that_changes_its_mind_reaches_nothing_else(
    service: Greeter, authority: Authority
) -> None:
    wire, names = Wire(port_of(service)), Names([PUBLIC], ["127.0.0.1"])
    client = client_of(authority, wire, names)
    await post(client)
    service.close_connections()
    with pytest.raises(AddressRefused):
        await post(client)
    assert wire.addresses == [PUBLIC]
    await client.close()


async def test_tls_verifies_the_name_not_the_address(service: Greeter, authority: Authority) -> None:
    client = client_of(authority, Wire(port_of(service)), Names([PUBLIC]))
    with pytest.raises(ConnectionError, match="ConnectError"):
        await post(client, "https://other.example/")
    assert service.received == []
    await client.close()


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["169.254.169.254"],
        ["10.0.0.1"],
        ["100.64.0.1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
        ["fe80::1%eth0"],
        ["224.0.0.1"],
        ["2001:db8::1"],
        [PUBLIC, "127.0.0.1"],
    ],
    ids=" and ".join,
)
async def test_name_of_an_address_that_is_not_public_is_refused(addresses: list[str]) -> None:
    wire = Wire()
    network = PublicNetwork(resolver=Resolver(Names(addresses)), network=wire)
    with pytest.raises(AddressRefused, match="address is not public"):
        await network.connect_tcp("push.example", 443)
    assert wire.addresses == []


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "169.254.169.254",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "127.1",
        "0",
    ],
)
async def test_address_that_is_not_public_is_refused_in_any_notation(host: str) -> None:
    client = HttpClient(network=PublicNetwork())
    with pytest.raises(AddressRefused):
        await post(client, f"https://{host}/x")
    await client.close()


async def test_name_of_the_system_is_refused() -> None:
    """`localhost` is in the system's file of hosts, as other names of its network may be."""
    client = HttpClient(network=PublicNetwork(resolver=Resolver(system_lookup)))
    with pytest.raises(AddressRefused):
        await post(client, "https://localhost/")
    await client.close()


@pytest.mark.parametrize("port", [22, 80, 8443])
async def test_other_ports_are_refused(port: int) -> None:
    wire, names = Wire(), Names([PUBLIC])
    network = PublicNetwork(resolver=Resolver(names), network=wire)
    with pytest.raises(AddressRefused, match="port"):
        await network.connect_tcp("push.example", port)
    assert (wire.addresses, names.lookups) == ([], 0)


async def test_private_addresses_and_ports_may_be_allowed(service: Greeter) -> None:
    network = PublicNetwork(allows_private=True)
    stream = await network.connect_tcp("127.0.0.1", port_of(service))
    await stream.aclose()


async def test_addresses_are_tried_in_turn_up_to_a_limit(service: Greeter, authority: Authority) -> None:
    wire = Wire(port_of(service))
    client = client_of(authority, wire, Names(["198.41.0.5", "2001:503:ba3e::2:30", PUBLIC]))
    assert (await post(client)).status == 200
    assert wire.addresses == ["198.41.0.5", "2001:503:ba3e::2:30", PUBLIC]
    await client.close()
    many = [f"198.41.1.{number}" for number in range(20)]
    client = client_of(authority, wire, Names(many))
    with pytest.raises(ConnectionError):
        await post(client)
    assert wire.addresses[3:] == many[:MAX_ADDRESSES]
    await client.close()


async def test_name_that_is_not_found_is_a_failure_of_the_moment(authority: Authority) -> None:
    client = client_of(authority, Wire(), Names(["no address"]))
    with pytest.raises(ConnectionError, match="ConnectError"):
        await post(client)
    await client.close()


async def test_redirect_to_a_private_address_is_not_followed(service: Greeter, authority: Authority) -> None:
    service.fail_next(Reply(status=307, headers={"location": "https://127.0.0.1/"}))
    wire = Wire(port_of(service))
    client = client_of(authority, wire, Names([PUBLIC]))
    assert (await post(client)).status == 307
    assert (wire.addresses, len(service.received)) == ([PUBLIC], 1)
    await client.close()


async def test_answer_of_10_mb_is_cut(service: Greeter, authority: Authority) -> None:
    service.break_next("flood")
    client = client_of(authority, Wire(port_of(service)), Names([PUBLIC]))
    assert len((await post(client)).body) == MAX_ANSWER_BYTES
    await client.close()


async def test_answer_that_does_not_come_is_given_up(
    service: Greeter, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "SECONDS", 0.3)
    service.break_next("silence")
    client = client_of(authority, Wire(port_of(service)), Names([PUBLIC]))
    with pytest.raises(ConnectionError):
        await post(client)
    await client.close()
