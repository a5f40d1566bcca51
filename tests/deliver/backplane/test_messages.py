from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lumen_notify.deliver.backplane.messages import Messages


def test_message_reaches_the_handler_of_its_name() -> None:
    messages, found = Messages(), list[Mapping[str, Any]]()
    messages.handle("typing", found.append)
    messages.receive("typing", {"room_id": "r"})
    assert found == [{"room_id": "r"}]
    assert messages.received == {"typing": 1}


def test_unknown_message_is_counted_and_dropped() -> None:
    messages = Messages()
    messages.receive("of a newer version", {})
    assert messages.unknown == 1


def test_handler_that_raises_does_not_stop_the_next_message(caplog: pytest.LogCaptureFixture) -> None:
    messages, found = Messages(), list[str]()
    messages.handle("typing", lambda fields: found.append(fields["room_id"]))
    for fields in ({}, {}, {"room_id": "r"}):
        messages.receive("typing", fields)
    assert found == ["r"]
    assert messages.failed == {"typing": 2}
    assert len(caplog.records) == 1
