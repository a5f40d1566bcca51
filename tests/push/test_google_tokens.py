"""Google tokens: fetched by each kind of file, kept, renewed early, and bounded in time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from clients import eventually
from lumen_notify.push import http_client
from lumen_notify.push.google_tokens import GoogleTokens, NoToken, UnusableFile
from lumen_notify.push.http_client import HttpClient
from lumen_notify.push.providers.fcm import SCOPE

from .services.fcm import PROJECT, FcmService
from .services.https_service import Reply


@pytest.fixture
def service(tmp_path: Path) -> Iterator[FcmService]:
    with FcmService(tmp_path) as one:
        yield one
        assert one.refused == []


@pytest.fixture
async def client(service: FcmService) -> AsyncIterator[HttpClient]:
    one = HttpClient(verify=service.authority.trust())
    yield one
    await one.close()


@pytest.fixture
async def tokens(service: FcmService, client: HttpClient) -> AsyncIterator[GoogleTokens]:
    one = GoogleTokens(service.credentials_file, SCOPE, client)
    yield one
    await one.close()


async def test_token_is_fetched_once_for_all(tokens: GoogleTokens, service: FcmService) -> None:
    assert tokens.project_id == PROJECT
    got = await asyncio.gather(*(tokens.token() for _ in range(20)))
    assert len({*got, await tokens.token()}) == 1
    assert service.token_requests == 1


async def test_token_that_is_about_to_end_is_renewed_meanwhile(
    tokens: GoogleTokens, service: FcmService
) -> None:
    service.expires_in_seconds = 200  # google-auth renews what has less than 225 s left
    first = await tokens.token()
    service.expires_in_seconds = 3599
    service.pause()
    assert await tokens.token() == first
    await eventually(lambda: len(service.received) == 2, what="a request for a new token")
    service.resume()
    await eventually(lambda: tokens._credentials.token != first, what="a new token")
    assert await tokens.token() != first


async def test_token_at_its_end_is_renewed(tokens: GoogleTokens, service: FcmService) -> None:
    first = await tokens.token()
    tokens._credentials.expiry -= timedelta(hours=2)
    assert await tokens.token() != first


async def test_rejected_token_is_renewed_and_an_older_one_does_not_matter(
    tokens: GoogleTokens, service: FcmService
) -> None:
    first = await tokens.token()
    tokens.reject(first)
    second = await tokens.token()
    tokens.reject(first)
    assert await tokens.token() == second != first


async def test_caller_that_goes_away_takes_nobody_along(tokens: GoogleTokens, service: FcmService) -> None:
    service.pause()
    impatient, patient = asyncio.create_task(tokens.token()), asyncio.create_task(tokens.token())
    await eventually(lambda: len(service.received) == 1, what="the request")
    impatient.cancel()
    service.resume()
    assert await patient
    assert service.token_requests == 1


async def test_failure_has_the_code_of_oauth_alone(tokens: GoogleTokens, service: FcmService) -> None:
    error = {"error": "invalid_grant", "error_description": "secret"}
    service.fail_next(Reply.of_json(400, error), kind="token")
    with pytest.raises(NoToken, match=r"^invalid_grant$"):
        await tokens.token()
    assert await tokens.token()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b'{"error": {"a": 1}}', b'"x"'])
@pytest.mark.parametrize("status", [200, 400])
async def test_answer_without_sense_is_a_failure(
    tokens: GoogleTokens, service: FcmService, body: bytes, status: int
) -> None:
    service.fail_next(Reply(status=status, body=body), kind="token")
    with pytest.raises(NoToken, match=r"^[A-Za-z_]+$"):
        await tokens.token()
    assert await tokens.token()


async def test_endless_and_silent_answers_are_failures(
    tokens: GoogleTokens, service: FcmService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.break_next("flood", kind="token")
    with pytest.raises(NoToken):
        await tokens.token()
    monkeypatch.setattr(http_client, "SECONDS", 0.3)
    service.break_next("silence", kind="token")
    with pytest.raises(NoToken):
        await tokens.token()


async def test_closing_ends_a_request_under_way(
    tokens: GoogleTokens, service: FcmService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "SECONDS", 60)
    monkeypatch.setattr(http_client, "SILENCE_SECONDS", 60)
    service.pause()
    waiting = asyncio.create_task(tokens.token())
    await eventually(lambda: len(service.received) == 1, what="the request")
    async with asyncio.timeout(10):
        await tokens.close()
    with pytest.raises(NoToken):
        await waiting
    with pytest.raises(NoToken):
        await tokens.token()


def external(folder: Path, service: FcmService) -> dict[str, Any]:
    """Return the file of a workload identity: its token is in a file, and exchanged (RFC 8693)."""
    (folder / "subject").write_text("subject token")
    return {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{service.url}/token",
        "credential_source": {"file": str(folder / "subject")},
        "quota_project_id": PROJECT,
    }


def of_a_user(folder: Path, service: FcmService) -> dict[str, Any]:
    """Return the file that `gcloud auth application-default login` writes."""
    return {
        "type": "authorized_user",
        "client_id": "id",
        "client_secret": "secret",
        "refresh_token": "refresh",
        "quota_project_id": PROJECT,
    }


@pytest.mark.parametrize(
    ("make", "grant"),
    [
        (external, "urn:ietf:params:oauth:grant-type:token-exchange"),
        (of_a_user, "refresh_token"),
    ],
)
async def test_other_kinds_of_files_work_too(
    tmp_path: Path, service: FcmService, client: HttpClient, make: Any, grant: str
) -> None:
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps(make(tmp_path, service)))
    tokens = GoogleTokens(path, SCOPE, client)
    assert tokens.project_id == PROJECT
    if make is of_a_user:  # google-auth does not read `token_uri` of such a file
        tokens._credentials = tokens._credentials.with_token_uri(f"{service.url}/token")
    assert await tokens.token()
    await tokens.close()
    assert service.grants == [grant]


async def test_file_of_an_impersonated_account_is_read(
    tmp_path: Path, service: FcmService, client: HttpClient
) -> None:
    path = tmp_path / "credentials.json"
    info = {
        "type": "impersonated_service_account",
        "service_account_impersonation_url": (
            "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/push@tea:generateAccessToken"
        ),
        "source_credentials": of_a_user(tmp_path, service),
        "project_id": PROJECT,
    }
    path.write_text(json.dumps(info))
    assert GoogleTokens(path, SCOPE, client).project_id == PROJECT


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot be read: No such file"),
        (b"nonsense", "must contain JSON"),
        (b"[]", "must contain credentials of the type service_account"),
        (b'{"type": "gcloud"}', "must contain credentials of the type service_account"),
        (b'{"type": "service_account"}', "has no usable credentials"),
        (
            b'{"type": "service_account", "private_key": "x", "client_email": "a", "token_uri": "b"}',
            "has no usable",
        ),
    ],
    ids=["missing", "nonsense", "list", "unknown", "empty", "no key"],
)
async def test_unusable_file_is_explained(
    tmp_path: Path, client: HttpClient, content: bytes | None, problem: str
) -> None:
    path = tmp_path / "credentials.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnusableFile, match=problem):
        GoogleTokens(path, SCOPE, client)
