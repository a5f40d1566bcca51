"""Chunks: the HTTP/1.1 framing of a stream's body (RFC 9112, section 7.1)."""

from __future__ import annotations

LAST_CHUNK = b"0\r\n\r\n"
"""Ends a chunked body."""


def chunk(payload: bytes) -> bytes:
    """Wrap a payload as one chunk."""
    return b"%x\r\n%b\r\n" % (len(payload), payload)


def unchunk(chunks: bytes) -> bytes:
    """Take the payload out of whole chunks, for a transport that frames bodies by itself."""
    payloads = []
    at = 0
    while at < len(chunks):
        begin = chunks.index(b"\n", at) + 1
        end = begin + int(chunks[at : begin - 2], 16)
        payloads.append(chunks[begin:end])
        at = end + 2
    return b"".join(payloads)
