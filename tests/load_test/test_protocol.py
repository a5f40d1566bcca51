import json

import jwt

from lumen_notify.load_test.protocol import LumenProtocol, stamped_content

SECRET = "a secret of at least thirty-two bytes"


def test_each_user_has_one_token() -> None:
    protocol = LumenProtocol("127.0.0.1", 1, secret=SECRET)
    assert jwt.decode(protocol.token(3), SECRET, ["HS256"])["sub"] == "bench-3"
    assert protocol.token(3) is protocol.token(3)


def test_each_stream_has_its_own_user_unless_users_share() -> None:
    assert LumenProtocol("127.0.0.1", 1, secret=SECRET).user(7) == "bench-7"
    assert LumenProtocol("127.0.0.1", 1, secret=SECRET, streams_per_user=5).user(9) == "bench-1"


def test_a_stream_resumes_by_its_cursor() -> None:
    protocol = LumenProtocol("127.0.0.1", 1, secret=SECRET)
    assert b"Last-Event-ID" not in protocol.subscribe_request(0, None)
    assert b"\r\nLast-Event-ID: k3f9x2-4\r\n" in protocol.subscribe_request(0, "k3f9x2-4")


def test_a_publish_is_complete_and_goes_to_everyone() -> None:
    request = LumenProtocol("127.0.0.1", 1, secret=SECRET).publish_request(stamped_content(5))
    head, _, body = request.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert json.loads(body) == {"to": {"all": True}, "category": "bench", "content": stamped_content(5)}
