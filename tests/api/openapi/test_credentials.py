"""Credentials: the document names each credential of an operation, and where the stream reads it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from clients import NOTIFICATIONS, token
from documents import operations
from lumen_notify.api.openapi.credentials import CREDENTIALS

STREAM = f"{NOTIFICATIONS}/stream"


def credential(name: str, text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the parameters and the headers of a request that has one credential, where its scheme says."""
    scheme = CREDENTIALS[name]
    if scheme["type"] == "http":
        return {}, {"Authorization": f"{scheme['scheme'].capitalize()} {text}"}
    if scheme["in"] == "cookie":
        return {}, {"Cookie": f"{scheme['name']}={text}"}
    return {scheme["name"]: text}, {}


def test_every_credential_of_an_operation_is_described_and_no_other(document: Any) -> None:
    accepted = {
        name for _, _, operation in operations(document) for one in operation["security"] for name in one
    }
    assert accepted == CREDENTIALS.keys() == document["components"]["securitySchemes"].keys()


@pytest.mark.parametrize("name", CREDENTIALS)
async def test_the_stream_reads_each_credential_where_the_document_says(
    http: httpx.AsyncClient, name: str
) -> None:
    params, headers = credential(name, "nonsense")
    answer = await http.get(STREAM, params=params, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


@pytest.mark.parametrize(("name", "status"), [("token", 401), ("ticket", 401), ("cookie", 200)], ids=str)
async def test_a_wrong_credential_is_refused_unless_the_bearer_comes_before_it(
    http: httpx.AsyncClient, name: str, status: int
) -> None:
    params, headers = credential(name, "nonsense")
    headers["Authorization"] = f"Bearer {token('alice')}"
    answer = await http.head(STREAM, params=params, headers=headers)
    assert answer.status_code == status
