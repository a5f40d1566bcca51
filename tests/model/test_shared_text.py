"""Shared text: what stands in place of it is found again, and nothing that a client wrote is taken for it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.model import to_json
from lumen_notify.model.shared_text import (
    TEXT_ID,
    SharedText,
    joined,
    pieces_of,
    text_id_of,
    unwrapped,
    wrapped,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ['"text_id":"t"', '{"id":"n","category":"like","text_id":"t"}', "}", '","event":', "\u2028"]
)
values = st.recursive(
    texts | st.integers(), lambda inner: st.dictionaries(texts, inner, max_size=2), max_leaves=4
)


@given(fields=st.dictionaries(texts, values, min_size=1, max_size=3), group_key=texts)
def test_the_text_is_put_in_its_place(fields: dict[str, Any], group_key: str) -> None:
    shared = SharedText.of(fields)
    assert shared.fields == fields
    own = to_json({"id": "n", "category": "like", TEXT_ID: shared.id, "group_key": group_key})
    other = SharedText(id="other", text='"content":"no"')
    pieces = pieces_of(own, [other, shared])
    assert text_id_of(own) == shared.id
    assert any(piece is shared.text for piece in pieces)
    whole = f'{{"id":"n","category":"like",{shared.text},"group_key":{to_json(group_key)}}}'
    assert joined(pieces) == whole


@given(fields=st.dictionaries(texts, values, max_size=3))
def test_what_clients_wrote_is_no_reference(fields: dict[str, Any]) -> None:
    shared = SharedText(id="t", text='"content":"another"')
    own = to_json({"id": "n", "category": "like", "sender": {"id": "ann"}, "data": fields})
    assert text_id_of(own) is None
    assert joined(pieces_of(own, [shared])) == own


@given(body=st.dictionaries(texts, values, max_size=3).map(to_json), ids=st.lists(st.uuids().map(str)))
def test_the_ids_are_before_the_body(body: str, ids: list[str]) -> None:
    assert unwrapped(wrapped(body, ids)) == (body, ids or ())
    assert json.loads(wrapped(body, ids)) is not None
