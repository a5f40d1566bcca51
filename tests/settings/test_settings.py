"""Settings: one frozen object, checked however it is made; secrets do not show."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from lumen_notify.errors import Misconfigured
from lumen_notify.rates import Rate
from lumen_notify.settings import Secret, Settings, variable

from .environments import LONG, problems_of


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.from_env({})

    assert settings == Settings()
    assert (settings.database_url, settings.host, settings.port) == (
        "sqlite:///lumen-notify.db",
        "127.0.0.1",
        8000,
    )
    assert not settings.has_verification_key


def test_only_one_kind_of_key_may_be_set() -> None:
    keys = {
        "LUMEN_JWT_SECRET": LONG,
        "LUMEN_JWT_PUBLIC_KEY_FILE": "key.pem",
        "LUMEN_JWT_JWKS_URL": "https://issuer.example/keys",
    }
    for name, text in keys.items():
        assert Settings.from_env({name: text}).has_verification_key
        others = {other: text for other, text in keys.items() if other != name}
        assert "only one key" in " ".join(problems_of(others).values())
    assert len(problems_of(keys)) == 1


def test_neither_secret_nor_database_password_shows() -> None:
    settings = Settings(
        jwt_secret=Secret(LONG), database_url="postgresql://user:hunter2@db/name?sslpassword=hunter3"
    )

    for shown in (
        repr(settings),
        str(settings),
        f"{settings}",
        repr(settings.model_dump()["jwt_secret"]),
    ):
        assert LONG not in shown
        assert "hunter" not in shown
    assert "postgresql://user:***@db/name?sslpassword=***" in repr(settings)
    assert settings.jwt_secret is not None
    assert f"{settings.jwt_secret}" == "***"
    assert settings.jwt_secret.reveal() == LONG


def test_settings_made_in_code_are_checked_like_those_of_the_environment() -> None:
    wrong: dict[str, Any] = {
        "port": 70000,
        "jwt_secret": LONG,
        "jwt_public_key_file": "k",
        "max_streams": "1",
    }
    with pytest.raises(Misconfigured) as caught:
        Settings(**wrong)

    names = {name for name, _ in caught.value.problems}
    assert names >= {variable(name) for name in wrong}
    assert LONG not in str(caught.value)


def test_a_setting_of_another_name_is_unknown_in_code_too() -> None:
    with pytest.raises(Misconfigured) as caught:
        Settings(prot=1)

    assert caught.value.problems == (("LUMEN_PROT", "is not a known setting"),)


def test_what_is_wrong_between_settings_is_reported_with_the_rest() -> None:
    problems = problems_of(
        {
            "LUMEN_PORT": "x",
            "LUMEN_ACCOUNTS": "on",
            "LUMEN_JWT_PUBLIC_KEY_FILE": "key.pem",
            "LUMEN_PROT": "1",
        }
    )

    assert problems.keys() == {"LUMEN_PORT", "LUMEN_ACCOUNTS", "LUMEN_PROT"}
    assert "LUMEN_JWT_PUBLIC_KEY_FILE" in problems["LUMEN_ACCOUNTS"]


def test_settings_made_in_code_do_not_read_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUMEN_PORT", "4711")

    assert Settings().port == 8000
    assert Settings().with_(host="::").port == 8000


def test_a_changed_copy_is_checked_again() -> None:
    settings = Settings()

    assert settings.with_(port=1).port == 1
    assert settings.port == 8000
    with pytest.raises(Misconfigured):
        settings.with_(port=-1)
    with pytest.raises(ValidationError):
        settings.port = 1


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("0.0.0.0", False),  # noqa: S104 - read, not bound
        ("::", False),
        ("192.168.1.4", False),
        ("lumen.example", False),
    ],
)
def test_loopback_is_told_from_addresses_that_others_reach(host: str, is_loopback: bool) -> None:
    assert Settings(host=host).is_loopback is is_loopback


def test_the_table_documents_every_setting_in_one_sentence() -> None:
    table = Settings.table()

    assert {name for name, _, _ in table} == {variable(name) for name in Settings.model_fields}
    for name, default, doc in table:
        assert default
        assert "|" not in default + doc, name
        assert doc[0].isupper(), name
        assert doc.endswith("."), name
    documented = {name: (default, doc) for name, default, doc in table}
    assert documented["LUMEN_PING_SECONDS"][0] == "30"
    assert documented["LUMEN_JWT_SECRET"][0] == "not set"
    for name in ("LUMEN_MAX_STREAMS", "LUMEN_REPLAY_EVENTS", "LUMEN_DRAIN_SECONDS", "LUMEN_PORT"):
        assert "0 means" in documented[name][1]


@pytest.mark.parametrize("text", ["off", "0", ""])
def test_no_rate_of_a_sender_is_no_limit(text: str) -> None:
    assert Settings.from_env({"LUMEN_LIMIT_PER_SENDER": text}).sender_rate is None


def test_the_rate_of_a_sender_is_a_rate() -> None:
    assert Settings(limit_per_sender="5/hour").sender_rate == Rate(5, "hour")
