"""uvicorn's internals are as the modules that touch them expect."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Mapping
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from lumen_notify.deliver.connection import uvicorn_internals

SIGNATURES: Mapping[type, Mapping[str, list[str]]] = {
    HttpToolsProtocol: {
        "connection_made": ["self", "transport"],
        "connection_lost": ["self", "exc"],
        "handle_websocket_upgrade": ["self"],
        "on_message_begin": ["self"],
        "on_headers_complete": ["self"],
        "on_body": ["self", "body"],
        "on_message_complete": ["self"],
        "on_response_complete": ["self"],
        "pause_writing": ["self"],
        "resume_writing": ["self"],
        "shutdown": ["self"],
        "timeout_keep_alive_handler": ["self"],
        "_should_upgrade": ["self"],
        "_start_asgi_task": ["self", "cycle", "app"],
        "_unset_keepalive_if_required": ["self"],
    },
    RequestResponseCycle: {"receive": ["self"], "run_asgi": ["self", "app"], "send": ["self", "message"]},
}

LOOK = (
    f"uvicorn {uvicorn.__version__} differs from the one that"
    " lumen_notify/deliver/connection/http_protocol.py was written for. Compare HttpProtocol,"
    " and the modules that it names, method by method, with uvicorn/protocols/http/httptools_impl.py;"
    " see above all that nothing of uvicorn's touches the transport after _hand_over. Then change this test."
)


def test_methods_of_uvicorn_that_are_used_are_as_they_were() -> None:
    assert {kind: set(names) for kind, names in uvicorn_internals.UVICORN_METHODS.items()} == {
        kind: set(names) for kind, names in SIGNATURES.items()
    }, "a method that is used is not pinned here"
    for kind, names in SIGNATURES.items():
        for name, parameters in names.items():
            method = getattr(kind, name, None)
            assert method is not None, f"{kind.__name__}.{name} is gone. {LOOK}"
            found = list(inspect.signature(method).parameters)
            assert found == parameters, f"{kind.__name__}.{name}{tuple(found)} is new. {LOOK}"
    for name in ("receive", "run_asgi", "send"):
        assert inspect.iscoroutinefunction(getattr(RequestResponseCycle, name)), f"{name} is new. {LOOK}"


async def test_attributes_of_uvicorn_that_are_used_are_as_they_were() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        pass

    config = uvicorn.Config(app, log_config=None)
    state = ServerState()
    protocol = HttpToolsProtocol(
        config=config, server_state=state, app_state={}, _loop=asyncio.get_running_loop()
    )
    nothing: Any = None
    arguments: dict[str, Any] = dict.fromkeys(inspect.signature(RequestResponseCycle).parameters, nothing)
    cycle = RequestResponseCycle(**arguments | {"message_event": asyncio.Event()})
    for one, names in (
        (protocol, uvicorn_internals.PROTOCOL_ATTRIBUTES),
        (cycle, uvicorn_internals.CYCLE_ATTRIBUTES),
    ):
        for name in names:
            assert hasattr(one, name), f"{type(one).__name__}.{name} is gone. {LOOK}"
    assert isinstance(state.connections, set), LOOK
    assert protocol.connections is state.connections, LOOK
    assert (cycle.response_started, cycle.response_complete, cycle.disconnected) == (False, False, False), (
        LOOK
    )
    for name in ("resume_reading", "write_paused"):
        assert name in inspect.getsource(sys.modules["uvicorn.protocols.http.flow_control"]), LOOK
    assert "connection.shutdown()" in inspect.getsource(uvicorn.Server.shutdown), LOOK


def test_request_is_made_by_the_name_that_is_replaced() -> None:
    source = inspect.getsource(HttpToolsProtocol.on_headers_complete)
    assert source.count("RequestResponseCycle(") == 1, LOOK
    assert HttpToolsProtocol.on_headers_complete.__closure__ is None, LOOK
