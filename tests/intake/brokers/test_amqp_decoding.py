"""AMQP decoding: what a publisher may write into the properties of a message is read, whatever it is."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import Any

import pytest
from pamqp import decode
from pamqp.commands import Basic

from lumen_notify.intake.brokers.amqp_decoding import LATEST, read_all_properties

HEADERS, MESSAGE_ID, TIMESTAMP = 1 << 13, 1 << 7, 1 << 6


@pytest.fixture(autouse=True)
def _own_decoders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "METHODS", dict(decode.METHODS))


def properties(
    headers: bytes = b"", message_id: bytes = b"id", timestamp: int = 1_800_000_000
) -> Basic.Properties:
    table = struct.pack(">I", len(headers)) + headers
    text = bytes([len(message_id)]) + message_id
    found = Basic.Properties()
    found.unmarshal(HEADERS | MESSAGE_ID | TIMESTAMP, table + text + struct.pack(">Q", timestamp))
    return found


NESTED = b"".join(b"\x01kF" + struct.pack(">I", 7 * depth) for depth in range(5000, -1, -1))

BAD = [
    {"message_id": b"\xff\x00a"},
    {"timestamp": 1_800_000_000 * 10**9},
    {"timestamp": 2**64 - 1},
    {"headers": b"\x02\xff\xffVV"},
    {"headers": b"\x01k?"},
    {"headers": NESTED},
    {"headers": b"\x01kT" + b"\xff" * 8},
]


@pytest.mark.parametrize("given", BAD)
def test_client_cannot_read_it_by_itself(given: dict[str, Any]) -> None:
    with pytest.raises(Exception):  # noqa: PT011, B017 - whatever the client raises
        properties(**given)


@pytest.mark.parametrize("given", BAD)
def test_whatever_a_publisher_writes_is_read(given: dict[str, Any]) -> None:
    read_all_properties()
    found = properties(**given)
    id_ = given.get("message_id", b"id")
    assert found.message_id is not None
    assert found.message_id.encode("utf-8", "surrogateescape") == id_
    expected = LATEST if "timestamp" in given else datetime.fromtimestamp(1_800_000_000, UTC)
    assert found.timestamp == expected
    assert found.headers == {}


def test_what_can_be_read_stays_as_it_is() -> None:
    read_all_properties()
    decoders = dict(decode.METHODS)
    read_all_properties()
    assert dict(decode.METHODS) == decoders
    found = properties(headers=b"\x01kt\x01", message_id="\u00e4".encode())
    assert (found.headers, found.message_id) == ({"k": True}, "\u00e4")
    assert found.timestamp == datetime.fromtimestamp(1_800_000_000, UTC)
