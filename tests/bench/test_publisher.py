import pytest

from lumen_notify.bench.publisher import is_whole

WHOLE = [
    b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\nserver: x\r\n\r\n",
]


@pytest.mark.parametrize("answer", WHOLE, ids=["length", "empty", "chunked", "no body"])
def test_an_answer_is_whole_at_its_end_and_not_a_byte_before(answer: bytes) -> None:
    assert is_whole(answer)
    assert not any(is_whole(answer[:cut]) for cut in range(len(answer)))
