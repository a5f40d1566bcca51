"""HTTP/2 limits: what one connection allows its client, from its first byte on.

A client may leave the settings of the server without an answer, and h2 keeps to its own until then; and the
client decides how large the table is that compresses responses. Here both have limits of their own.
"""

from __future__ import annotations

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.settings import SettingCodes

MAX_STREAMS = 100
"""How many requests of one connection may be open at once, streams of events included."""

MAX_HEAD_BYTES = 32 * 1024
"""The limit for the headers of a request, as HTTP/2 counts them: 32 bytes more for each."""

CONNECTION_WINDOW_BYTES = 1024 * 1024
"""How much of all bodies may wait for the application: one that is not read does not hold up the others."""

HEADER_TABLE_BYTES = 4096
"""The highest size of the table that compresses responses, whatever a client allows. hpack looks at all of it
for each header."""


def limited_connection() -> H2Connection:
    """Return the server's side of a new connection, whose first frames are ready."""
    h2 = H2Connection(H2Configuration(client_side=False, header_encoding=None))
    h2.local_settings.update(
        {
            SettingCodes.MAX_CONCURRENT_STREAMS: MAX_STREAMS,
            SettingCodes.MAX_HEADER_LIST_SIZE: MAX_HEAD_BYTES,
        }
    )
    h2.decoder.max_header_list_size = MAX_HEAD_BYTES
    h2.initiate_connection()
    h2.increment_flow_control_window(CONNECTION_WINDOW_BYTES - h2.inbound_flow_control_window)
    return h2


def limit_header_table(h2: H2Connection) -> None:
    """Keep the table of responses small after a client has changed its settings.

    Of its sizes since the last response, the smallest and the last one are kept: those that the next response
    names (RFC 7541, section 4.2).
    """
    encoder = h2.encoder
    encoder.header_table_size = min(encoder.header_table_size, HEADER_TABLE_BYTES)
    if changes := encoder.table_size_changes:
        encoder.table_size_changes = [min(changes), changes[-1]]
