"""HTTP client, over HTTP/2: what goes wrong on a connection delays or loses no other request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from certificates import Authority
from clients import eventually
from lumen_notify.push import http_client
from lumen_notify.push.http_client import MAX_ANSWER_BYTES, Answer, HttpClient

from .services.https_service import Fault, HttpsService, Reply, Request


class Echo(HttpsService):
    def answer(self, request: Request) -> Reply:
        return Reply(status=200, body=request.body)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def service(tmp_path: Path, authority: Authority) -> Iterator[Echo]:
    with Echo(tmp_path, authority=authority) as one:
        yield one


@pytest.fixture
async def client(authority: Authority) -> AsyncIterator[HttpClient]:
    one = HttpClient(verify=authority.trust())
    yield one
    await one.close()


async def post(client: HttpClient, service: HttpsService, text: str = "hello") -> Answer:
    return await client.post(f"{service.url}/secret", headers={}, content=text.encode())


async def test_all_requests_share_one_connection(client: HttpClient, service: Echo) -> None:
    service.pause()
    posts = [asyncio.create_task(post(client, service, str(number))) for number in range(120)]
    await eventually(lambda: len(service.received) == 100, what="as many requests as streams are allowed")
    service.resume()
    answers = await asyncio.gather(*posts)
    assert [answer.body.decode() for answer in answers] == [str(number) for number in range(120)]
    assert service.connections == 1


async def test_connection_that_was_closed_while_idle_costs_nothing(client: HttpClient, service: Echo) -> None:
    await post(client, service)
    service.close_connections()
    assert (await post(client, service)).status == 200
    assert service.connections == 2


async def test_goodbye_while_idle_costs_nothing(client: HttpClient, service: Echo) -> None:
    await post(client, service)
    service.say_goodbye()
    assert (await post(client, service)).status == 200
    assert service.connections == 2


@pytest.mark.parametrize("fault", ["goaway", "refused by goaway", "cut"])
async def test_request_under_way_when_the_connection_ends_is_sent_again(
    client: HttpClient, service: Echo, fault: Fault
) -> None:
    await post(client, service)
    service.break_next(fault)
    answers = await asyncio.gather(*(post(client, service, str(number)) for number in range(5)))
    assert [answer.body.decode() for answer in answers] == ["0", "1", "2", "3", "4"]
    assert {request.body.decode() for request in service.received} >= {"0", "1", "2", "3", "4"}
    assert service.connections == 2


async def test_request_that_ends_two_connections_fails(client: HttpClient, service: Echo) -> None:
    await post(client, service)
    service.break_next("cut", "cut")
    with pytest.raises(ConnectionError):
        await post(client, service)
    assert (await post(client, service)).status == 200


async def test_answer_of_10_mb_is_cut_and_leaves_the_next_ones_alone(
    client: HttpClient, service: Echo
) -> None:
    for _ in range(2):  # more than httpcore's window for a connection, which it never gives back
        service.break_next("flood")
        assert len((await post(client, service)).body) == MAX_ANSWER_BYTES
    assert (await post(client, service)).body == b"hello"


async def test_silent_connection_is_given_up(
    client: HttpClient, service: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "SECONDS", 0.5)
    service.break_next("silence")
    with pytest.raises(ConnectionError, match="Timeout"):
        await post(client, service)
    monkeypatch.undo()
    assert (await post(client, service)).body == b"hello"
    assert service.connections == 2


async def test_certificate_of_another_name_is_refused(tmp_path: Path, authority: Authority) -> None:
    client = HttpClient(verify=authority.trust())
    with Echo(tmp_path, authority=authority, name="other.example") as service:
        with pytest.raises(ConnectionError, match="ConnectError"):
            await post(client, service)
        assert service.received == []
    await client.close()


async def test_certificate_of_another_authority_is_refused(service: Echo) -> None:
    client = HttpClient()
    with pytest.raises(ConnectionError, match="ConnectError"):
        await post(client, service)
    await client.close()


async def test_authority_is_trusted_that_the_environment_names(
    service: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(service.authority.cert))
    client = HttpClient()
    assert (await post(client, service)).status == 200
    await client.close()


async def test_server_that_speaks_http_1_alone_is_spoken_to(tmp_path: Path, authority: Authority) -> None:
    client = HttpClient(verify=authority.trust())
    with Echo(tmp_path, authority=authority, http2=False) as service:
        answers = await asyncio.gather(*(post(client, service, str(number)) for number in range(5)))
        assert [answer.body.decode() for answer in answers] == ["0", "1", "2", "3", "4"]
    await client.close()
