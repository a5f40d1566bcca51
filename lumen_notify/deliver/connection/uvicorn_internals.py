"""uvicorn's internals that are relied on here, pinned by a test.

Only `http_protocol`, `send_timeout`, `request_cycle` and `handover` touch them.
"""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

UVICORN_METHODS = {
    HttpToolsProtocol: (
        "connection_made",
        "connection_lost",
        "handle_websocket_upgrade",
        "on_message_begin",
        "on_headers_complete",
        "on_body",
        "on_message_complete",
        "on_response_complete",
        "pause_writing",
        "resume_writing",
        "shutdown",
        "timeout_keep_alive_handler",
        "_should_upgrade",
        "_start_asgi_task",
        "_unset_keepalive_if_required",
    ),
    RequestResponseCycle: ("receive", "run_asgi", "send"),
}
"""The methods of uvicorn that are called or overridden."""

PROTOCOL_ATTRIBUTES = (
    "client",
    "cycle",
    "expect_100_continue",
    "flow",
    "headers",
    "loop",
    "parser",
    "pipeline",
    "scheme",
    "scope",
    "server_state",
    "transport",
)
"""The attributes of uvicorn's protocol that are read, set or released."""

CYCLE_ATTRIBUTES = (
    "body",
    "chunked_encoding",
    "disconnected",
    "expected_content_length",
    "flow",
    "keep_alive",
    "message_event",
    "more_body",
    "response_complete",
    "response_started",
    "scope",
    "transport",
    "waiting_for_100_continue",
)
"""The attributes of uvicorn's request cycle that are read or set."""
