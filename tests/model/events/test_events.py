"""Events: every kind is read back as it was written; what this version does not know raises UnknownEvent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.model import to_json
from lumen_notify.model.events import PAYLOADS, Payload, UnknownEvent, decode

from .examples import AUDIENCES, EXAMPLES, event


def test_each_kind_has_an_example() -> None:
    assert {type(example) for example in EXAMPLES} == set(PAYLOADS)


@pytest.mark.parametrize("payload", EXAMPLES, ids=lambda one: type(one).__name__)
def test_payload_is_read_back_for_its_audiences_only(payload: Payload) -> None:
    for scope in payload.scopes:
        assert decode(event(payload.kind, AUDIENCES[scope], payload.encode())) == payload
    for other in AUDIENCES.keys() - set(payload.scopes):
        with pytest.raises(UnknownEvent):
            decode(event(payload.kind, AUDIENCES[other], payload.encode()))


@pytest.mark.parametrize("payload", EXAMPLES, ids=lambda one: type(one).__name__)
def test_field_that_a_newer_version_adds_is_ignored(payload: Payload) -> None:
    body = json.loads(payload.encode()) | {"added": [1, {"x": None}]}
    assert isinstance(decode(event(payload.kind, AUDIENCES[payload.scopes[0]], to_json(body))), type(payload))


kinds = st.sampled_from([payload.kind for payload in PAYLOADS]) | st.text(max_size=12)
audiences = st.sampled_from(["user:ann", "room:tea", "all", "topic:x"]) | st.text(max_size=8)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "ids", "gone", "categories", "rooms", "silent", "sender_id", "x"]), inner
        )
    ),
    max_leaves=10,
)


@given(kind=kinds, audience=audiences, body=st.text(max_size=20) | values.map(to_json))
def test_decode_raises_nothing_but_unknown_event(kind: str, audience: str, body: str) -> None:
    try:
        payload = decode(event(kind, audience, body))
    except UnknownEvent:
        return
    assert payload.kind == kind
