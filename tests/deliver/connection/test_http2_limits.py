"""Limits of a connection: they hold whatever the client has agreed to."""

from __future__ import annotations

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.exceptions import DenialOfServiceError
from h2.settings import SettingCodes

from lumen_notify.deliver.connection.http2_limits import (
    HEADER_TABLE_BYTES,
    MAX_HEAD_BYTES,
    limit_header_table,
    limited_connection,
)

HEAD = [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "localhost")]


@pytest.fixture
def client() -> H2Connection:
    one = H2Connection(H2Configuration(client_side=True))
    one.initiate_connection()
    return one


def test_head_is_limited_before_the_client_has_agreed(client: H2Connection) -> None:
    server = limited_connection()
    client.send_headers(1, [*HEAD, ("x", "y" * 3000)])
    server.receive_data(client.data_to_send())
    client.send_headers(3, [*HEAD, *[("x", "y" * 3000)] * (MAX_HEAD_BYTES // 3000 + 1)])
    with pytest.raises(DenialOfServiceError):
        server.receive_data(client.data_to_send())


def test_table_that_compresses_responses_stays_small(client: H2Connection) -> None:
    server = limited_connection()
    for size in (0, 2**20) * 100:
        client.update_settings({SettingCodes.HEADER_TABLE_SIZE: size})
        server.receive_data(client.data_to_send())
        limit_header_table(server)
        client.receive_data(server.data_to_send())
    client.send_headers(1, HEAD, end_stream=True)
    server.receive_data(client.data_to_send())
    server.send_headers(1, [(":status", "204")], end_stream=True)
    sent = server.data_to_send()
    assert len(sent) < 30
    client.receive_data(sent)
    assert client.decoder.header_table_size == HEADER_TABLE_BYTES
