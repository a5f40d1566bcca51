import json

import jwt

from lumen_notify.bench.wire import LumenWire, stamped

SECRET = "a secret of at least thirty-two bytes"


def test_each_user_has_a_token_of_his_own_and_keeps_it() -> None:
    wire = LumenWire("127.0.0.1", 1, secret=SECRET)
    assert jwt.decode(wire.token(3), SECRET, ["HS256"])["sub"] == "bench-3"
    assert wire.token(3) is wire.token(3)


def test_each_stream_has_its_own_user_unless_users_share() -> None:
    assert LumenWire("127.0.0.1", 1, secret=SECRET).user(7) == "bench-7"
    assert LumenWire("127.0.0.1", 1, secret=SECRET, streams_per_user=5).user(9) == "bench-1"


def test_a_stream_resumes_by_its_cursor() -> None:
    wire = LumenWire("127.0.0.1", 1, secret=SECRET)
    assert b"Last-Event-ID" not in wire.subscribe(0, None)
    assert b"\r\nLast-Event-ID: k3f9x2-4\r\n" in wire.subscribe(0, "k3f9x2-4")


def test_a_publish_is_whole_and_goes_to_everybody() -> None:
    head, _, body = LumenWire("127.0.0.1", 1, secret=SECRET).publish(stamped(5)).partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert json.loads(body) == {"to": {"all": True}, "category": "bench", "content": stamped(5)}
