"""Requests that offer another protocol: from Java, curl, and through nginx with its lines for WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import servers
from clients import NOTIFICATIONS, SECRET, token
from conftest import StartServer
from lumen_notify.auth import PUBLISH
from nginx import WEBSOCKET_LINES, Nginx
from programs import program
from raw_http import RawClient
from servers import RunningServer

pytestmark = pytest.mark.slow

BODY = json.dumps({"to": {"user": "ann"}, "category": "like", "content": "hi"})

UPGRADE_LINES = "proxy_http_version 1.1;" + WEBSOCKET_LINES

JAVA = """
import java.net.URI;
import java.net.http.*;

public class Publish {
    public static void main(String[] arguments) throws Exception {
        HttpClient client = HttpClient.newHttpClient(); // it offers HTTP/2 with each request
        for (int number = 0; number < 3; number++) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[0]))
                .header("Authorization", "Bearer " + arguments[1])
                .POST(HttpRequest.BodyPublishers.ofString(arguments[2]))
                .build();
            HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
            System.out.println(response.statusCode());
        }
    }
}
"""


@pytest.fixture
def server(start_server: StartServer, sqlite_url: str) -> RunningServer:
    return start_server(database_url=sqlite_url, LUMEN_JWT_SECRET=SECRET)


@pytest.fixture
def nginx(server: RunningServer) -> Iterator[Nginx]:
    folder = servers.server_folder("nginx")
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        proxy = Nginx(folder, server.port, UPGRADE_LINES)
        stack.callback(proxy.kill)
        yield proxy.start()


def output_of(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=100).stdout


async def test_java_publishes(server: RunningServer, tmp_path: Path) -> None:
    source = tmp_path / "Publish.java"
    source.write_text(JAVA)
    java = shutil.which("java")
    if java is None or shutil.which("javac") is None:
        pytest.skip("a JDK is not installed")
    url = server.url + NOTIFICATIONS
    printed = await asyncio.to_thread(output_of, java, str(source), url, token("app", PUBLISH), BODY)
    assert printed.split() == ["201"] * 3


async def test_curl_that_offers_http_2_publishes(server: RunningServer) -> None:
    printed = await asyncio.to_thread(
        output_of,
        *(program("curl"), "--http2", "--silent", "--include", "--data", BODY),
        *("--header", f"Authorization: Bearer {token('app', PUBLISH)}", server.url + NOTIFICATIONS),
    )
    assert printed.startswith("HTTP/1.1 201 Created")


def request(method: str, path: str, user: str, body: bytes = b"", *, offer: str = "") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {token(user)}"]
    if offer:
        lines += ["Connection: Upgrade", f"Upgrade: {offer}"]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


@pytest.mark.parametrize("offer", ["websocket", "h2c", "anything"])
async def test_body_of_an_offer_through_nginx_is_not_read_as_the_next_request(
    server: RunningServer, nginx: Nginx, offer: str
) -> None:
    async with httpx.AsyncClient(base_url=server.url) as http:
        bob: dict[str, Any] = {"headers": {"Authorization": f"Bearer {token('bob')}"}}
        made = await http.post("/api/v1/rooms", json={"id": "tea", "kind": "public", "title": "Tea"}, **bob)
        assert made.status_code == 201
        # Ann's body is the beginning of a request, to which the next request on the connection would belong.
        hidden = b"DELETE /api/v1/rooms/tea HTTP/1.1\r\nHost: x\r\nX-Rest: "
        for _ in range(5):
            async with RawClient.connect(nginx.port) as ann, RawClient.connect(nginx.port) as bobs:
                ann.send(request("POST", "/api/v1/rooms", "ann", hidden, offer=offer))
                assert (await ann.answer()).status == 422
                bobs.send(request("GET", "/api/v1/rooms", "bob"))
                answer = await bobs.answer()
                assert [room["id"] for room in json.loads(answer.body)["items"]] == ["tea"]


async def test_body_of_an_offer_through_nginx_arrives(server: RunningServer, nginx: Nginx) -> None:
    async with RawClient.connect(nginx.port) as client:
        role = b'{"kind": "public", "id": "tea", "title": "Tea"}'
        client.send(request("POST", "/api/v1/rooms", "ann", role, offer="websocket"))
        assert (await client.answer()).status == 201


async def test_stream_through_nginx_with_its_lines_for_websocket_is_open(
    server: RunningServer, nginx: Nginx
) -> None:
    async with (
        httpx.AsyncClient(base_url=nginx.url, timeout=60) as http,
        http.stream("GET", f"{NOTIFICATIONS}/stream?token={token('ann')}") as answer,
    ):
        lines = answer.aiter_lines()
        async for line in lines:
            if line == "event: ready":
                break
        headers = {"Authorization": f"Bearer {token('app', PUBLISH)}"}
        assert (await http.post(NOTIFICATIONS, content=BODY, headers=headers)).status_code == 201
        async for line in lines:
            if '"content":"hi"' in line:
                break


async def test_stream_through_an_nginx_that_speaks_http_1_0_is_open(server: RunningServer) -> None:
    folder = servers.server_folder("nginx")
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        proxy = Nginx(folder, server.port, "proxy_http_version 1.0;")
        stack.callback(proxy.kill)
        proxy.start()
        async with (
            httpx.AsyncClient(base_url=proxy.url, timeout=60) as http,
            http.stream("GET", f"{NOTIFICATIONS}/stream?token={token('ann')}") as answer,
        ):
            lines = answer.aiter_lines()  # kept: without it, httpx would close the response
            async for line in lines:
                if line == "event: ready":
                    break
            assert "lumen_streams 1.0" in (await http.get("/metrics")).text
