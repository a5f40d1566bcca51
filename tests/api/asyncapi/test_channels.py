"""Channels: each stream is one, with the operation, the credentials and the parameters of its route."""

from __future__ import annotations

from typing import Any

from documents import operations
from lumen_notify.api.asyncapi.intake import SECURITY_SCHEMES
from lumen_notify.api.asyncapi.messages import of_user_stream


def test_every_event_stream_of_the_api_is_a_channel(document: Any, openapi: Any) -> None:
    streams = {
        operation["operationId"]: (path, operation)
        for _, path, operation in operations(openapi)
        if "text/event-stream" in operation["responses"].get("200", {}).get("content", {})
    }
    sent = {name: one for name, one in document["operations"].items() if "http" in one["bindings"]}
    assert sent.keys() == streams.keys()
    for name, one in sent.items():
        path, operation = streams[name]
        assert one["action"] == "send"
        channel = document["channels"][one["channel"]["$ref"].rpartition("/")[2]]
        assert channel["address"] == path
        schemes = [scheme["$ref"].rpartition("/")[2] for scheme in one["security"]]
        assert schemes == [scheme for each in operation["security"] for scheme in each]
        query = one["bindings"]["http"]["query"]["properties"]
        assert list(query) == [
            each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"
        ]


def test_a_channel_has_the_messages_of_its_stream(document: Any) -> None:
    admins = ("figures", "closing")
    for channel, names in (("stream", of_user_stream()), ("adminStream", admins)):
        assert document["channels"][channel]["messages"] == {
            name: {"$ref": f"#/components/messages/{name}"} for name in names
        }


def test_credentials_are_those_of_the_api(document: Any, openapi: Any) -> None:
    schemes = document["components"]["securitySchemes"]
    assert schemes.keys() == openapi["components"]["securitySchemes"].keys() | SECURITY_SCHEMES.keys()
    assert schemes["bearer"] == openapi["components"]["securitySchemes"]["bearer"]
    assert schemes["cookie"]["type"] == "httpApiKey"
