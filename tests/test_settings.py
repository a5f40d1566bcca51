"""Settings: what the environment may say, what is refused, and that secrets do not show."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.errors import Misconfigured
from lumen_notify.settings import MIN_SECRET_BYTES, Rate, Secret, Settings, masked_url, variable

LONG = "s3cr3t-" * 6


def problems_of(environ: dict[str, str]) -> dict[str, str]:
    with pytest.raises(Misconfigured) as caught:
        Settings.from_env(environ)
    return dict(caught.value.problems)


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.from_env({})

    assert settings == Settings()
    assert (settings.database_url, settings.host, settings.port) == (
        "sqlite:///lumen-notify.db",
        "127.0.0.1",
        8000,
    )
    assert not settings.has_verification_key


def test_every_setting_is_read_from_its_variable() -> None:
    settings = Settings.from_env(
        {
            "LUMEN_DATABASE_URL": "postgresql://lumen@/lumen?host=/run/pg",
            "LUMEN_HOST": "::",
            "LUMEN_PORT": "0",
            "LUMEN_JWT_SECRET": LONG,
            "LUMEN_JWT_AUDIENCE": "lumen",
            "LUMEN_JWT_ISSUER": "https://issuer.example",
            "LUMEN_JWT_LEEWAY_SECONDS": "0",
            "LUMEN_ACCOUNTS": "ON",
            "LUMEN_ACCESS_TOKEN_SECONDS": "60",
            "LUMEN_REFRESH_TOKEN_SECONDS": "300",
            "LUMEN_CORS_ORIGINS": "https://App.example, http://localhost:5173,",
            "LUMEN_PING_SECONDS": "0.5",
            "LUMEN_DRAIN_SECONDS": "0",
            "LUMEN_MAX_BODY_BYTES": "1",
            "LUMEN_MAX_CONTENT_CHARACTERS": "2",
            "LUMEN_MAX_BATCH_ROWS": "3",
            "LUMEN_MAX_STREAMS": "4",
            "LUMEN_MAX_STREAMS_PER_USER": "5",
            "LUMEN_MAX_STREAMS_PER_ADDRESS": "6",
            "LUMEN_MAX_ROOMS_PER_USER": "12",
            "LUMEN_MAX_BACKLOG_BYTES": "7",
            "LUMEN_MAX_STREAM_SECONDS": "8.5",
            "LUMEN_RATE_LIMITS": "off",
            "LUMEN_REPLAY_EVENTS": "9",
            "LUMEN_RETENTION_EVENTS_SECONDS": "60",
            "LUMEN_RETENTION_EVENTS": "10",
            "LUMEN_RETENTION_NOTIFICATIONS_SECONDS": "62",
            "LUMEN_RETENTION_NOTIFICATIONS": "11",
            "LUMEN_RETENTION_ARCHIVED_SECONDS": "0",
            "LUMEN_RETENTION_IDEMPOTENCY_SECONDS": "61",
            "LUMEN_LIMIT_PER_SENDER": "600/Minute",
            "LUMEN_CATEGORIES": "/etc/categories.toml",
            "LUMEN_LOG_LEVEL": "DEBUG",
        }
    )

    assert settings == Settings(
        database_url="postgresql://lumen@/lumen?host=/run/pg",
        host="::",
        port=0,
        jwt_secret=Secret(LONG),
        jwt_audience="lumen",
        jwt_issuer="https://issuer.example",
        jwt_leeway_seconds=0,
        accounts="on",
        access_token_seconds=60,
        refresh_token_seconds=300,
        cors_origins=("https://app.example", "http://localhost:5173"),
        ping_seconds=0.5,
        drain_seconds=0,
        max_body_bytes=1,
        max_content_characters=2,
        max_batch_rows=3,
        max_streams=4,
        max_streams_per_user=5,
        max_streams_per_address=6,
        max_rooms_per_user=12,
        max_backlog_bytes=7,
        max_stream_seconds=8.5,
        rate_limits="off",
        replay_events=9,
        retention_events_seconds=60,
        retention_events=10,
        retention_notifications_seconds=62,
        retention_notifications=11,
        retention_archived_seconds=0,
        retention_idempotency_seconds=61,
        limit_per_sender="600/minute",
        categories=Path("/etc/categories.toml"),
        log_level="debug",
    )


def test_the_process_environment_is_read_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUMEN_PORT", "4711")

    assert Settings.from_env().port == 4711


def test_all_problems_are_reported_together_by_variable_and_without_values() -> None:
    environ = {
        "LUMEN_PORT": "eight-thousand",
        "LUMEN_HOST": "not a host",
        "LUMEN_JWT_SECRET": "too-short-to-hold",
        "LUMEN_DATABASE_URL": "mysql://root:hunter2@db/name",
        "LUMEN_LOG_LEVEL": "chatty",
        "LUMEN_JWT_AUDIENCE": "bell\x07",
        "LUMEN_TYPO": "mistyped",
    }

    problems = problems_of(environ)

    assert problems.keys() == environ.keys()
    with pytest.raises(Misconfigured) as caught:
        Settings.from_env(environ)
    for name, value in environ.items():
        assert name in str(caught.value)
        assert value not in str(caught.value)


def test_a_misspelt_variable_is_a_problem_and_the_right_one_is_named() -> None:
    assert problems_of({"LUMEN_PROT": "1"}) == {"LUMEN_PROT": "is no setting; is it LUMEN_PORT?"}
    assert problems_of({"LUMEN_XYZZY": "1"}) == {"LUMEN_XYZZY": "is no setting"}


def test_variables_of_tests_benchmarks_and_other_programs_are_left_alone() -> None:
    others = {"LUMEN_TEST_DATABASE_URL": "x", "LUMEN_BENCH_USERS": "x", "LUMENS": "x", "PATH": "x"}

    assert Settings.from_env(others) == Settings()


def test_an_empty_variable_counts_as_not_set() -> None:
    assert Settings.from_env({"LUMEN_JWT_SECRET": "", "LUMEN_PORT": "", "LUMEN_HOST": ""}) == Settings()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("PORT", "80.5"),
        ("JWT_LEEWAY_SECONDS", "-1"),
        ("JWT_LEEWAY_SECONDS", "301"),
        ("PING_SECONDS", "0"),
        ("PING_SECONDS", "nan"),
        ("PING_SECONDS", "inf"),
        ("PING_SECONDS", "3601"),
        ("DRAIN_SECONDS", "-0.1"),
        ("MAX_BODY_BYTES", "0"),
        ("MAX_CONTENT_CHARACTERS", "0"),
        ("MAX_BATCH_ROWS", "0"),
        ("MAX_STREAMS", "-1"),
        ("MAX_STREAMS_PER_USER", "-1"),
        ("MAX_STREAMS_PER_ADDRESS", "-1"),
        ("MAX_BACKLOG_BYTES", "0"),
        ("MAX_STREAM_SECONDS", "-1"),
        ("REPLAY_EVENTS", "-1"),
        ("LIMIT_PER_SENDER", "600"),
        ("LIMIT_PER_SENDER", "0/minute"),
        ("LIMIT_PER_SENDER", "6/fortnight"),
        ("HOST", "http://localhost"),
        ("HOST", "[::1]"),
        ("CORS_ORIGINS", "https://app.example/"),
        ("CORS_ORIGINS", "app.example"),
        ("CORS_ORIGINS", "*,https://app.example"),
        ("JWT_JWKS_URL", "file:///etc/passwd"),
        ("JWT_JWKS_URL", "https:///keys"),
        ("JWT_JWKS_URL", "https://user:pass@issuer.example/keys"),
        ("JWT_JWKS_URL", "https://issuer.example:99999/keys"),
        ("JWT_JWKS_URL", "https://issuer.example/ke ys"),
        ("JWT_SECRET", "x" * (MIN_SECRET_BYTES - 1)),
        ("JWT_SECRET", "\udcff" * MIN_SECRET_BYTES),
    ],
    ids=repr,
)
def test_a_value_out_of_its_range_is_a_problem(name: str, text: str) -> None:
    assert problems_of({"LUMEN_" + name: text}).keys() == {"LUMEN_" + name}


@pytest.mark.parametrize("size", ["é" * 16, "x" * MIN_SECRET_BYTES], ids=["utf-8", "ascii"])
def test_a_secret_is_measured_in_bytes(size: str) -> None:
    assert Settings.from_env({"LUMEN_JWT_SECRET": size}).has_verification_key


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///relative.db",
        "sqlite:///folder/relative.db",
        "sqlite:////absolute/file.db",
        "postgresql://user:p%40ss@db.example:5432/name",
        "postgresql://user@/name?host=/var/run/postgresql",
        "postgresql:///name?host=/tmp/with space",
        "postgresql://db/name",
    ],
)
def test_a_database_url_of_a_known_form_is_taken(url: str) -> None:
    assert Settings.from_env({"LUMEN_DATABASE_URL": url}).database_url == url


@pytest.mark.parametrize(
    "url",
    [
        "lumen.db",
        "sqlite://lumen.db",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///a\nb",
        "mysql://db/name",
        "postgres://db/name",
        "postgresql+asyncpg://db/name",
        "postgresql:/name",
        "postgresql://db",
        "postgresql://db/",
        "postgresql://db/a/b",
        "postgresql://db:port/name",
        "postgresql://db:0/name",
        "postgresql://[::1/name",
        "postgresql://user:pa/ss@db/name",
        "postgresql://user:1/ss@db/name",
        "postgresql://user:1#ss@db/name",
    ],
)
def test_a_database_url_of_another_form_is_a_problem(url: str) -> None:
    assert problems_of({"LUMEN_DATABASE_URL": url}).keys() == {"LUMEN_DATABASE_URL"}


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
        jwt_secret=Secret(LONG), database_url="postgresql://user:hunter2@db/name?password=hunter3"
    )

    for shown in (
        repr(settings),
        str(settings),
        f"{settings}",
        repr(dataclasses.asdict(settings)["jwt_secret"]),
    ):
        assert LONG not in shown
        assert "hunter" not in shown
    assert "postgresql://user:***@db/name?password=***" in repr(settings)
    assert settings.jwt_secret is not None
    assert f"{settings.jwt_secret}" == "***"
    assert settings.jwt_secret.reveal() == LONG


@given(st.text(st.characters(exclude_characters="@:/?#%*", exclude_categories=["C", "Z"]), min_size=4))
def test_no_password_survives_masking(password: str) -> None:
    password = "~" + password

    assert password not in masked_url(f"postgresql://user:{password}@db/name?x=1&password={password}&y=2")


def test_secrets_compare_by_their_text() -> None:
    assert Secret("a") == Secret("a")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"


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


def test_a_changed_copy_is_checked_again() -> None:
    settings = Settings()

    assert settings.with_(port=1).port == 1
    assert settings.port == 8000
    with pytest.raises(Misconfigured):
        settings.with_(port=-1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.port = 1  # type: ignore[misc]


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

    assert [name for name, _, _ in table] == [variable(each.name) for each in dataclasses.fields(Settings)]
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


@given(
    st.dictionaries(
        st.sampled_from([name for name, _, _ in Settings.table()]),
        st.text(min_size=1),
        min_size=1,
        max_size=5,
    )
)
def test_any_text_is_either_taken_or_named_as_a_problem(environ: dict[str, str]) -> None:
    problems: tuple[tuple[str, str], ...] | None = None
    try:
        Settings.from_env(environ)
    except Misconfigured as error:
        problems = error.problems

    assert problems is None or {name for name, _ in problems} <= environ.keys()


@pytest.mark.parametrize("text", ["off", "0", ""])
def test_no_rate_of_a_sender_is_no_limit(text: str) -> None:
    assert Settings.from_env({"LUMEN_LIMIT_PER_SENDER": text}).sender_rate is None


def test_the_rate_of_a_sender_is_a_rate() -> None:
    assert Settings(limit_per_sender="5/hour").sender_rate == Rate(5, "hour")


def test_paths_are_paths() -> None:
    assert Settings.from_env({"LUMEN_JWT_PUBLIC_KEY_FILE": "/k.pem"}).jwt_public_key_file == Path("/k.pem")
