"""The protocol of a TLS connection is the one that its client has chosen."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from certificates import make_certificate
from listening import Listening, listen
from lumen_notify.cli.tls import Certificate
from lumen_notify.deliver.connection.negotiated import NegotiatedProtocol
from lumen_notify.deliver.connection.transport import EXTENSION


async def versions(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    text = f"{scope['http_version']} {request.url.scheme} {EXTENSION in scope['extensions']}"
    await PlainTextResponse(text)(scope, receive, send)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Listening]:
    files = make_certificate(tmp_path)
    tls = Certificate(files.cert, files.key, offers_http2=True)
    async with listen(versions, NegotiatedProtocol, tls=tls.context) as one:
        yield one


@pytest.mark.parametrize(("is_http2", "seen"), [(True, "2 https False"), (False, "1.1 https True")])
async def test_client_chooses(server: Listening, is_http2: bool, seen: str) -> None:
    unverified = ssl.create_default_context()
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    async with httpx.AsyncClient(http2=is_http2, verify=unverified, trust_env=False) as client:
        assert (await client.get(server.url)).text == seen
