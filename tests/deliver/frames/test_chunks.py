"""Chunks: payloads come out as they went in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.deliver.frames.chunks import chunk, unchunk


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=6))
def test_payloads_come_out_of_several_chunks_as_they_went_in(payloads: list[bytes]) -> None:
    assert unchunk(b"".join(map(chunk, payloads))) == b"".join(payloads)
