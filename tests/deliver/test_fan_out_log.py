from __future__ import annotations

import logging

import pytest

from lumen_notify.deliver.fan_out_log import log_fan_out
from lumen_notify.model import EVERYONE

from .test_hub import event


@pytest.mark.parametrize(
    ("audience", "deliveries", "level", "line"),
    [
        (EVERYONE, 7, "INFO", "Broadcast done: 1 notifications, 7 deliveries here."),
        (EVERYONE, 0, "DEBUG", "Delivered the events from 3 to 4: 0 deliveries here."),
        ("user:ann", 7, "DEBUG", "Delivered the events from 3 to 4: 7 deliveries here."),
    ],
)
def test_broadcast_to_users_here_is_info_and_other_deliveries_are_debug(
    audience: str, deliveries: int, level: str, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "lumen_notify.hub")
    log_fan_out([event(3, audience), event(4, "user:bob")], deliveries=deliveries)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [(level, line)]
