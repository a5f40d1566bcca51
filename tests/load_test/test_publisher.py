import pytest

from lumen_notify.load_test.publisher import is_complete

COMPLETE = [
    b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\nserver: x\r\n\r\n",
]


@pytest.mark.parametrize("response", COMPLETE, ids=["length", "empty", "chunked", "no body"])
def test_a_response_is_complete_at_its_last_byte_and_not_before(response: bytes) -> None:
    assert is_complete(response)
    assert not any(is_complete(response[:cut]) for cut in range(len(response)))
