"""Operation: its problems follow from its credentials and its body; parameters are OpenAPI's."""

from __future__ import annotations

from typing import Any

import pytest

from lumen_notify.http.operation import (
    LIMITED,
    OF_BODIES,
    OF_CALLERS,
    WRITES,
    Operation,
    header,
    path,
    query,
    ref,
)

TEXT = {"type": "string"}


def operation(**fields: Any) -> Operation:
    return Operation(name="n", tag="t", summary="s", answered="a", response=TEXT, **fields)


@pytest.mark.parametrize(
    ("fields", "refusals"),
    [
        ({}, (*OF_CALLERS, *LIMITED, "invalid")),
        ({"takes_any_query": True}, (*OF_CALLERS, *LIMITED)),
        ({"credentials": ()}, ("invalid",)),
        ({"body": TEXT}, (*OF_CALLERS, *LIMITED, *OF_BODIES)),
        ({"credentials": (), "body": TEXT, "is_body_required": False}, OF_BODIES),
        ({"credentials": ("bearer",), "problems": LIMITED}, (*OF_CALLERS, *LIMITED, "invalid")),
        ({"credentials": ("cookie",), "body": TEXT, "problems": WRITES}, (*OF_CALLERS, *OF_BODIES, *WRITES)),
    ],
    ids=[
        "a token",
        "a token and any query",
        "nothing",
        "a token and a body",
        "a body",
        "a problem that is told already",
        "a cookie, a body and more",
    ],
)
def test_problems_follow_from_credentials_and_body(fields: Any, refusals: tuple[str, ...]) -> None:
    assert operation(**fields).refusals == refusals


def test_query_has_the_declared_parameters_and_the_credentials_of_urls() -> None:
    parameters = [make(name, TEXT, "A thing.") for make, name in ((path, "id"), (query, "a"), (header, "b"))]
    made = operation(parameters=parameters, credentials=("token", "bearer", "cookie"))
    assert made.query_names == {"a", "token"}


def test_query_takes_aliases_that_are_not_parameters() -> None:
    made = operation(parameters=(query("since", TEXT, "A time."),), query_aliases=("from",))
    assert made.query_names == {"since", "from"}


def test_only_parameters_in_the_path_are_required() -> None:
    made = [make("id", TEXT, "An id.") for make in (path, query, header)]
    assert [one["in"] for one in made] == ["path", "query", "header"]
    assert [one.get("required", False) for one in made] == [True, False, False]
    for one in made:
        assert (one["name"], one["description"], one["schema"]) == ("id", "An id.", TEXT)


def test_a_reference_leads_into_the_schemas_of_the_document() -> None:
    assert ref("Category") == {"$ref": "#/components/schemas/Category"}
