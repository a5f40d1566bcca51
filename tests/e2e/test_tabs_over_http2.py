"""Ten tabs over HTTP/2 with sharing off: a stream each, and the page still answers.

Over HTTP/1.1 a browser opens six connections to one origin. The server speaks HTTP/2 itself, or nginx or
Caddy in front of it does, by the lines of `deploy/`.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser

import servers
from certificates import make_certificate
from clients import SECRET, WAIT_SECONDS, token
from proxies import Proxy
from servers import RunningServer

pytestmark = [pytest.mark.slow, pytest.mark.browser]

TABS = 10

START = """async ([client, token]) => {
  const { LumenNotify } = await import(client);
  window.client = new LumenNotify({ getToken: () => token, share: false });
  await window.client.start();
  return window.client.state;
}"""

PROTOCOLS = "performance.getEntriesByType('resource').map((one) => one.nextHopProtocol)"


@pytest.fixture(params=["alone", "nginx", "caddy"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Give the URL of a server that speaks HTTP/2, or of the proxy in front of it."""
    files = make_certificate(tmp_path)
    is_alone = request.param == "alone"
    folder = servers.server_folder("tabs")
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        arguments = (*files.arguments, "--http2") if is_alone else ()
        server = stack.enter_context(
            RunningServer(tmp_path, environ={"LUMEN_JWT_SECRET": SECRET}, arguments=arguments)
        )
        if is_alone:
            yield server.url
        else:
            proxy = Proxy(request.param, folder, server.port, certificate=files)
            stack.callback(proxy.kill)
            yield proxy.start().url


async def test_ten_tabs_without_sharing_have_a_stream_each(url: str, browser: Browser) -> None:
    context = await browser.new_context(ignore_https_errors=True)
    context.set_default_timeout(WAIT_SECONDS * 1000)
    tabs = []
    for _ in range(TABS):
        tab = await context.new_page()
        await tab.goto(f"{url}/healthz")
        assert await tab.evaluate(START, [f"{url}/client/lumen-notify.js", token("alice")]) == "open"
        tabs.append(tab)
    for tab in tabs:
        assert await tab.evaluate("window.client.state") == "open"
        assert set(await tab.evaluate(PROTOCOLS)) == {"h2"}
    connections = await tabs[0].evaluate("window.client.connections()")
    assert len(connections["items"]) == TABS
    answer = await tabs[-1].goto(f"{url}/")
    assert answer is not None
    assert answer.status == 200
    await context.close()
