"""Push: a payload fits whatever it contains, and its texts are cut last."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.push.push import Push, cut

TEXT = st.text(max_size=6000)


def push(**payload: object) -> Push:
    return Push(
        payload={"type": "notification", "id": "1", **payload}, collapse_key="1", badge=1, ttl_seconds=60
    )


def test_payload_that_fits_is_sent_as_it_is() -> None:
    payload = {"title": "Tea", "content": "It is ready.", "data": {"cups": 2}}
    assert json.loads(push(**payload).encode(4096)) == {"type": "notification", "id": "1", **payload}


def test_data_is_left_out_before_content_is_cut() -> None:
    sent = json.loads(push(content="c" * 1000, data={"x": "y" * 5000}, url="/a").encode(4096))
    assert sent == {"type": "notification", "id": "1", "content": "c" * 1000, "url": "/a"}


def test_everything_but_words_is_left_out_if_it_must() -> None:
    big = dict.fromkeys(("data", "actors", "actions", "icon", "sender", "url", "group_key"), "x" * 5000)
    sent = json.loads(push(**big, category="like", title="Tea", content="c" * 500).encode(1000))
    assert sent == {
        "type": "notification",
        "id": "1",
        "category": "like",
        "title": "Tea",
        "content": "c" * 500,
    }


@given(TEXT, TEXT, st.integers(1000, 4096))
def test_any_payload_fits(title: str, content: str, max_bytes: int) -> None:
    sent = push(title=title, content=content, data={"x": "y" * 5000}).encode(max_bytes)
    assert len(sent) <= max_bytes
    payload = json.loads(sent)
    assert payload["id"] == "1"
    for name, text in (("title", title), ("content", content)):
        assert payload[name] == text or text.startswith(payload[name].removesuffix("…"))


@given(TEXT, st.integers(3, 6000))
def test_cut_text_is_valid_and_fits(text: str, max_bytes: int) -> None:
    assert len(cut(text, max_bytes).encode()) <= max_bytes
