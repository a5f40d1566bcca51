"""Log: a push is one line, with its content."""

from __future__ import annotations

import pytest

from lumen_notify.push.providers.log import LogProvider
from lumen_notify.push.push import SENT, Push, Target


async def test_push_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "lumen_notify.push")
    provider = LogProvider()
    push = Push(payload={"content": "two\nlines"}, collapse_key="1", badge=1, ttl_seconds=60)
    assert await provider.send(push, Target(id="d", user_id="bob", provider="log", token="t")) == SENT
    assert provider.config() == {}
    await provider.close()
    (line,) = caplog.messages
    assert line == 'Push to bob, device d: {"content":"two\\nlines"}'
