"""Bad input: each gets its documented answer, none a 500, and nothing is half done."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import hmac
import json
import re
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from clients import NOTIFICATIONS, SECRET, EventStream, contents, eventually, token
from lumen_notify.auth import ADMIN, PUBLISH, mint
from lumen_notify.model import new_id
from sites import OpenSite, Site, refused

from .publications import GOOD, body_with, case


def encode(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def forged(header: dict[str, Any], claims: dict[str, Any], key: str) -> str:
    """Make a token by hand, as an attacker would."""
    text = f"{encode(header)}.{encode(claims)}"
    signature = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


CLAIMS = {"sub": "alice", "exp": 4_000_000_000, "scope": PUBLISH}

BAD_TOKENS = {
    "no JWT": "abc",
    "forged": forged({"alg": "HS256"}, CLAIMS, "another secret, but just as long as ours"),
    "alg none": f"{encode({'alg': 'none'})}.{encode(CLAIMS)}.",
    "another alg": forged({"alg": "HS512"}, CLAIMS, SECRET),
    "no exp": forged({"alg": "HS256"}, {"sub": "alice"}, SECRET),
    "no sub": forged({"alg": "HS256"}, {"exp": 4_000_000_000}, SECRET),
    "sub with NUL": forged({"alg": "HS256"}, {**CLAIMS, "sub": "a\0"}, SECRET),
    "sub with half a pair": forged({"alg": "HS256"}, {**CLAIMS, "sub": "a\ud800"}, SECRET),
    "sub too long": forged({"alg": "HS256"}, {**CLAIMS, "sub": "a" * 129}, SECRET),
    "an audience that nobody asked for": mint(SECRET, "alice", ttl_seconds=60, audience="others"),
    "very long": "a" * 9000,
}

REQUESTS = (
    ("GET", ""),
    ("POST", ""),
    ("POST", "/read"),
    ("PUT", f"/{new_id()}"),
    ("GET", "/stream"),
    ("GET", "/counts"),
    ("POST", "/stream/tickets"),
)


async def test_bad_token_is_unauthenticated(site: Site) -> None:
    async with site.unchanged():
        for name, bad in BAD_TOKENS.items():
            with case(name):
                for method, path in REQUESTS:
                    headers = {"Authorization": f"Bearer {bad}"}
                    answer = await site.send(method, path, body=body_with(), headers=headers)
                    refused(answer, 401, "token_invalid")
                    assert answer.headers["www-authenticate"].startswith("Bearer")
                    assert bad not in answer.text
                refused(await site.http.get(f"{NOTIFICATIONS}/stream?token={bad}"), 401, "token_invalid")


async def test_no_token_is_unauthenticated(site: Site) -> None:
    async with site.unchanged():
        for headers in ({}, {"Authorization": "Basic YWxpY2U6"}, {"Authorization": "Bearer"}):
            for method, path in REQUESTS:
                refused(await site.send(method, path, body=b"", headers=headers), 401, "token_missing")
        refused(await site.http.get(f"{NOTIFICATIONS}?token={token('bob')}"), 422, "invalid", "token")


async def test_expired_token_is_told_apart(site: Site) -> None:
    old = token("alice", PUBLISH, ttl_seconds=60)
    site.ahead_ms = 71_000  # 60 s of life and 10 s of leeway
    headers = {"Authorization": f"Bearer {old}"}
    async with site.unchanged():
        refused(await site.send("POST", body=body_with(), headers=headers), 401, "token_expired")
        refused(await site.http.get(f"{NOTIFICATIONS}/stream?token={old}"), 401, "token_expired")


async def test_token_of_another_audience_is_refused(open_with: OpenSite) -> None:
    async with open_with(jwt_audience="here") as site:
        for audience, status in (("there", 401), (None, 401), ("here", 200)):
            given = mint(SECRET, "bob", ttl_seconds=60, audience=audience)
            answer = await site.send("GET", headers={"Authorization": f"Bearer {given}"})
            assert answer.status_code == status


WRONG_JSON = {
    "empty": b"",
    "blank": b"  \n",
    "no JSON": b"hello",
    "cut off": b'{"to": {"user": "bob"}, "category": "like", "content": "hel',
    "two documents": body_with() + body_with(),
    "a comment": b"{} // x",
    "single quotes": b"{'to': 1}",
    "a trailing comma": body_with()[:-1] + b",}",
    "not UTF-8": body_with()[:-2] + b'\xff\xfe"}',
    "UTF-16": body_with().decode().encode("utf-16"),
    "half a surrogate pair": body_with()[:-2] + b'\\ud83d"}',
    "the other half": body_with()[:-2] + b'\\ude00"}',
    "deep lists": b"[" * 20_000,
    "deep objects": b'{"a":' * 9_000,
}


@pytest.mark.parametrize(
    ("method", "path"), [("POST", ""), ("POST", "/read"), ("PUT", "/01a20185-0647-7000-8000-000000000000")]
)
async def test_malformed_json_is_refused(site: Site, method: str, path: str) -> None:
    async with site.unchanged():
        for name, body in WRONG_JSON.items():
            with case(name):
                answer = await site.send(method, path, body=body)
                assert answer.status_code == 422
                assert answer.json()["code"] == "invalid"
                assert answer.headers["content-type"] == "application/problem+json"


async def test_fields_that_an_operation_does_not_take_are_refused(open_with: OpenSite) -> None:
    async with open_with(accounts="on") as site, site.unchanged():
        paths = (await site.http.get("/openapi.json")).json()["paths"]
        without_body = [
            (method.upper(), path)
            for path, methods in paths.items()
            for method in ("post", "put", "patch")
            if method in methods and "requestBody" not in methods[method]
        ]
        assert ("POST", f"{NOTIFICATIONS}/stream/renew") in without_body
        every_scope = {"Authorization": f"Bearer {token('alice', PUBLISH, ADMIN)}"}
        for method, path in without_body:
            with case(f"{method} {path}"):
                target = re.sub(r"{\w+}", "other", path)
                for body, field in ((b'{"other": 1}', "other"), (b"no JSON", "body")):
                    answer = await site.send(method, target, body=body, headers=every_scope)
                    refused(answer, 422, "invalid", field)


async def test_refusal_never_repeats_what_was_sent(site: Site) -> None:
    for body in (body_with(content=["my secret"]), b'{"my secret": "my secret", ', body_with(to="my secret")):
        assert "my secret" not in (await site.send("POST", body=body)).text.replace('"field":"my secret"', "")


WRONG_DATA = {
    "NaN": b'{"x": NaN}',
    "infinity": b'{"x": [-Infinity]}',
    "a number beyond all": b'{"x": 1e999}',
    "a number without end": b'{"x": 1' + b"0" * 5000 + b"}",
    "half a surrogate pair": b'{"x": "\\udc00"}',
    "half a surrogate pair in a key": b'{"\\ud800": 1}',
    "deep": b'{"x": ' + b"[" * 5000 + b"]" * 5000 + b"}",
}


async def test_data_that_cannot_be_stored_is_refused(stored: Site) -> None:
    async with stored.unchanged():
        for name, data in WRONG_DATA.items():
            with case(name):
                answer = await stored.send("POST", body=body_with()[:-1] + b', "data": ' + data + b"}")
                assert answer.status_code == 422
                assert answer.json()["errors"][0]["field"] in {"data", "body"}


ODD_DATA: list[dict[str, Any]] = [
    {"": None, "a.b": [1, -0.5, True, {}], "\N{GRINNING FACE}": "\N{GRINNING FACE}"},
    {"nul": "a\0b", "escape": "\x1b", "line": "a\r\nb\u2028c", "tag": "</script><!--"},
    {"long": 2**63, "longer": -(10**300), "tiny": 1e-320},
    {"deep": json.loads("[" * 60 + "]" * 60)},
]

ODD_CONTENTS = [
    "x" * 8000,
    "\N{GRINNING FACE}" * 8000,
    "\u0634\u0643\u0631\u0627 \u200fabc\u200e \u202eabc\u202c",
    "a\tb\nc",
    "e\u0301 \u00e9 \ufeff \ufffd \ufffe \U0010ffff",
    "data: x\n\nid: 1\nevent: closing\n\n",
    "'; DROP TABLE lumen_event; -- %s :name $1 {addressed}",
    '<img src=x onerror=alert(1)> &amp; "quoted" \\ \\u0000 \\n',
]


async def test_odd_text_and_data_come_back_as_they_were(stored: Site) -> None:
    stream = await EventStream.open(stored.base_url, token("eve"))
    await stream.wait_for_event("ready")
    sent = [("x", data) for data in ODD_DATA] + [(content, {"n": 1}) for content in ODD_CONTENTS]
    for content, data in sent:
        await stored.publish("eve", content, data=data)
    listed = await stored.api("eve").pages()
    assert [(item["content"], item["data"]) for item in reversed(listed)] == sent
    await stream.wait_for_event("message", len(sent))
    await stream.close()
    shown = [frame.data["data"] for frame in stream.frames if frame.event == "message"]
    assert [(item["content"], item["data"]) for item in shown] == sent


async def test_odd_user_ids_get_their_own_notifications(stored: Site) -> None:
    users = [
        "u" * 128,
        "all",
        "user:bob",
        "bob ",
        "Bob",
        "\N{GRINNING FACE}",
        "a/b?c#d%00",
        "'\"\\$1:name",
        "bob\u202e",
    ]
    await stored.api("alice").post("", {**GOOD, "to": {"users": users}, "content": "for the odd"})
    for user in users:
        api = stored.api(user)
        assert contents(await api.pages()) == ["for the odd"]
        assert (await api.post("/read", {"all": True}))["unread_count"] == 0
    assert contents(await stored.api("bob").pages()) == ["three", "two", "one"]


async def test_doubled_key_counts_as_its_last(site: Site) -> None:
    body = (
        b'{"to": {"user": "bob"}, "category": "like", "category": "follow", "content": "a", "content": "b"}'
    )
    assert (await site.send("POST", body=body)).status_code == 201
    newest = (await site.api("bob").pages())[0]
    assert (newest["category"], newest["content"]) == ("follow", "b")


async def test_body_of_10_mib_is_refused_before_it_is_read(site: Site) -> None:
    def head(more: str) -> bytes:
        authorization = f"Authorization: Bearer {token('alice', PUBLISH)}\r\n"
        return f"POST {NOTIFICATIONS} HTTP/1.1\r\nHost: x\r\n{authorization}{more}\r\n\r\n".encode()

    address = urlsplit(site.base_url)
    async with site.unchanged():
        for start in (
            head(f"Content-Length: {10 * 2**20}"),
            head("Transfer-Encoding: chunked") + b"10001\r\n" + b" " * 0x10001 + b"\r\n",
        ):
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            writer.write(start)  # and no more: an answer that waits for the rest never comes
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            assert answer.startswith(b"HTTP/1.1 413")
            assert b"application/problem+json" in answer
            writer.close()
            await writer.wait_closed()
        refused(await site.send("POST", body=b" " * (10 * 2**20)), 413, "too_large")
        refused(await site.send("POST", body=b" " * 65_537), 413, "too_large")
        refused(await site.send("POST", body=b" " * 65_536), 422, "invalid", "body")


NO_CURSORS = ("abc", "zzzzzzzz-1", "EPOCH-999999", "EPOCH-x", "EPOCH-01", "EPOCH", "\0", "a" * 5000)


async def test_stream_answers_an_invalid_cursor_with_reset(site: Site) -> None:
    first = await EventStream.open(site.base_url, token("bob"))
    newest = (await first.wait_for_event("ready")).id or ""
    epoch = newest.partition("-")[0]
    await first.close()
    for cursor in NO_CURSORS:
        with case(cursor):
            given = cursor.replace("EPOCH", epoch)
            stream = await EventStream.open(site.base_url, token("bob"), cursor=given, by="last_event_id")
            reset = await stream.wait_for_event("reset")
            await stream.close()
            assert stream.status == 200
            assert reset.id == newest
            assert reset.data["unread_count"] == 3
            assert [frame.event for frame in stream.frames] == ["ready", "reset"]
            assert not stream.frames[0].data["recovered"]


async def test_stream_refuses_an_unknown_device(site: Site) -> None:
    for device in ("watch", "", "%00", "Mobile"):
        answer = await site.http.get(f"{NOTIFICATIONS}/stream?token={token('bob')}&device={device}")
        refused(answer, 422, "invalid", "device")


UNKNOWN_PATHS = (
    ("GET", "/api/v1/nothing"),
    ("POST", "/api/v1/nothing"),
    ("DELETE", "/api/v1/notifications/some/more"),
    ("GET", "/api/v1"),
    ("GET", "/api/v2/notifications"),
    ("PUT", "/api/v1/notifications/stream/more"),
)


async def test_unknown_path_is_not_found(site: Site) -> None:
    async with site.unchanged():
        for method, path in UNKNOWN_PATHS:
            with case(f"{method} {path}"):
                refused(await site.send(method, path, body=body_with()), 404, "path_not_found")


WRONG_METHODS = (
    ("DELETE", "/api/v1/notifications", {"GET", "HEAD", "POST"}),
    ("PUT", "/api/v1/notifications", {"GET", "HEAD", "POST"}),
    ("POST", "/api/v1/notifications/stream", {"DELETE", "GET", "HEAD"}),
    ("GET", "/api/v1/notifications/archive", {"POST"}),
    ("POST", f"/api/v1/notifications/{new_id()}", {"DELETE", "GET", "HEAD", "PATCH", "PUT"}),
    ("PUT", "/api/v1/notifications/stream/tickets", {"POST"}),
    ("POST", "/healthz", {"GET", "HEAD"}),
)


async def test_wrong_method_is_answered_with_the_allowed_ones(site: Site) -> None:
    async with site.unchanged():
        for method, path, allowed in WRONG_METHODS:
            with case(f"{method} {path}"):
                answer = await site.send(method, path, body=body_with())
                refused(answer, 405, "method_not_allowed")
                assert set(answer.headers["allow"].split(", ")) == allowed


async def test_head_of_the_stream_ends(site: Site) -> None:
    answer = await site.send("HEAD", "/stream", user="bob")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.content == b""
    assert site.lumen._services is not None
    assert len(site.lumen._services.streams) == 0


def raw_post(body: bytes, *, length: int | None = None, path: str = "") -> bytes:
    return (
        f"POST {NOTIFICATIONS}{path} HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {token('alice', PUBLISH)}\r\n"
        f"Content-Length: {len(body) if length is None else length}\r\n\r\n"
    ).encode() + body


async def exchange(site: Site, request: bytes, *, do_read: bool) -> bytes:
    """Send bytes, say that there are no more, and read the answer; or hang up at once."""
    address = urlsplit(site.base_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(request)
    await writer.drain()
    answer = b""
    if do_read:
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 10)
    else:
        reset_on_close(writer)
    writer.close()
    await writer.wait_closed()
    return answer


def reset_on_close(writer: asyncio.StreamWriter) -> None:
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


async def test_body_that_ends_early_does_nothing(site: Site) -> None:
    whole = body_with()
    async with site.unchanged():
        for cut in (0, 1, len(whole) // 2, len(whole) - 1):
            for do_read in (True, False):
                answer = await exchange(site, raw_post(whole[:cut], length=len(whole)), do_read=do_read)
                assert b" 500 " not in answer
        # A body that is JSON by itself is not taken for whole either.
        await exchange(site, raw_post(whole, length=len(whole) + 1), do_read=True)
        await exchange(site, raw_post(b'{"all": true}', length=50, path="/read"), do_read=True)


async def test_publish_of_a_client_that_disconnects_is_complete_or_not_done(stored: Site) -> None:
    """Whichever it was, the list, the counts and a repeat by key agree."""
    users = ["bob", "eve"]
    for number in range(20):
        body = body_with(to={"users": users}, content=f"vanished {number}")
        await exchange(stored, raw_post(body), do_read=False)
    # Whatever was taken is committed before this, which is committed after them.
    await stored.api("alice").post("", {**GOOD, "to": {"users": users}, "content": "last"})
    bob, eve = [contents(await stored.api(user).pages()) for user in users]
    assert bob[:-3] == eve
    assert len(set(eve)) == len(eve)
    await stored.state()


async def test_server_is_well_after_all_of_it(site: Site) -> None:
    for request in (
        b"\0\xff\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"\r\n" * 9,
    ):
        answer = await exchange(site, request, do_read=True)
        assert b" 500 " not in answer
    stream = await EventStream.open(site.base_url, token("bob"))
    await stream.wait_for_event("ready")
    await site.publish("bob", "fine")
    assert (await stream.wait_for_event("message")).data["data"]["content"] == "fine"
    await stream.close()
    assert site.lumen._services is not None
    await eventually(lambda: len(site.lumen._services.streams) == 0, what="the stream to be let go")  # type: ignore[union-attr]


async def operations(site: Site) -> list[tuple[str, str, set[str]]]:
    """Return method, path and query parameters of all operations below `/api/v1`."""
    document = (await site.http.get("/openapi.json")).json()
    schemes = document["components"]["securitySchemes"]
    found = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if not path.startswith("/api/v1/"):
                continue
            names = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
            for security in operation.get("security", ()):
                names |= {schemes[one]["name"] for one in security if schemes[one].get("in") == "query"}
            filled = path.replace("{user}", "bob").replace("{name}", "like")
            filled = re.sub("{[a-z_]+}", lambda _: new_id(), filled)
            found.append((method.upper(), filled, names))
    return found


async def test_every_operation_refuses_unknown_and_repeated_query_parameters(site: Site) -> None:
    found = await operations(site)
    assert len(found) > 30
    headers = {"Authorization": f"Bearer {token('alice', PUBLISH)}"}
    async with site.unchanged():
        for method, path, known in found:
            for query, field, message in (
                ("foo=1", "foo", "is not a known parameter"),
                ("=1", "", "is not a known parameter"),
                *((f"{name}=a&{name}=b", name, "may be given only once") for name in known),
            ):
                with case(f"{method} {path}?{query}"):
                    answer = await site.http.request(method, f"{path}?{query}", headers=headers)
                    problem = refused(answer, 422, "invalid", field)
                    assert problem["errors"][0]["message"] == message


async def test_query_of_many_parameters_is_refused(site: Site) -> None:
    query = "&".join(f"p{number}=" for number in range(3000))
    refused(await site.send("GET", f"?{query}"), 422, "invalid")
    refused(await site.send("GET", f"?{'limit=1&' * 3000}"), 422, "invalid")


async def test_health_checks_and_documents_take_any_query(site: Site) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"):
        assert (await site.http.get(f"{path}?cache=1&cache=2")).status_code == 200


async def test_byte_order_mark_before_a_body_is_ignored(site: Site) -> None:
    mark = b"\xef\xbb\xbf"
    for body in (body_with(), b"[" + body_with() + b"]"):
        assert (await site.send("POST", "", body=mark + body)).status_code == 201
    refused(await site.send("POST", "", body=mark * 2 + body_with()), 422, "invalid", "body")


async def test_body_with_a_content_encoding_is_refused(site: Site) -> None:
    async with site.unchanged():
        for encoding in ("gzip", "br", "gzip, identity", "x"):
            headers = {"Content-Encoding": encoding, **bearer("alice")}
            answer = await site.send("POST", "", body=gzip.compress(body_with()), headers=headers)
            refused(answer, 415, "encoding_unsupported")
            assert answer.headers["accept-encoding"] == "identity"
    answer = await site.send(
        "POST", "", body=body_with(), headers={"Content-Encoding": "Identity", **bearer("alice", PUBLISH)}
    )
    assert answer.status_code == 201


async def test_line_ends_of_windows_and_old_macs_become_line_feeds(site: Site) -> None:
    for text in ("a\r\nb\rc\nd", "\r\n\r\n", "\r" * 8000):
        answer = await site.send("POST", "", body=body_with(content=text))
        assert answer.status_code == 201
    items = (await site.http.get(NOTIFICATIONS, headers=bearer("bob"))).json()["items"]
    last, middle, first = items[:3]
    assert first["content"] == "a\nb\nc\nd"
    assert middle["content"] == "\n\n"
    assert last["content"] == "\n" * 8000
    refused(await site.send("POST", "", body=body_with(title="a\r\nb")), 422, "invalid", "title")


def bearer(user: str, *scopes: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(user, *scopes)}"}
