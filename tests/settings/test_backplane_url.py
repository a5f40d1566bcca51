"""Backplane URL: what is taken, what its parts mean, and what is refused by name."""

from __future__ import annotations

import pytest

from lumen_notify import Settings
from lumen_notify.settings.backplane_url import RedisUrl, check_backplane_url, kind_of, parse_redis

from .environments import problems_of

SECRET = "hunter2"


def test_default_is_the_database_if_it_is_a_server_else_nothing() -> None:
    assert Settings.from_env({}).backplane == "memory://"
    assert Settings.from_env({"LUMEN_DATABASE_URL": "postgresql://db/name"}).backplane == "postgresql://"
    given = {"LUMEN_DATABASE_URL": "postgresql://db/name", "LUMEN_BACKPLANE_URL": "redis://cache"}
    assert Settings.from_env(given).backplane == "redis://cache"


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("memory://", "memory"),
        ("postgresql://", "postgresql"),
        ("postgres://user@direct.example/name?sslmode=require", "postgresql"),
        ("redis://cache", "redis"),
        ("rediss://cache", "redis"),
        ("unix:///run/redis.sock", "redis"),
        ("redis+sentinel://a,b/main", "redis"),
        ("rediss+sentinel://a,b/main", "redis"),
    ],
)
def test_url_names_a_backplane(url: str, kind: str) -> None:
    assert check_backplane_url(url) == url
    assert kind_of(url) == kind


NOTHING = RedisUrl((), None, None, 0, None, None, None, None, is_encrypted=False, files={})


@pytest.mark.parametrize(
    ("url", "parts", "place"),
    [
        ("redis://cache", {"addresses": (("cache", 6379),)}, "Redis at cache port 6379"),
        (
            "redis://user:p%40ss@cache:7000/3",
            {"addresses": (("cache", 7000),), "user": "user", "password": "p@ss", "database": 3},
            "Redis at cache port 7000",
        ),
        ("redis://:pw@[::1]:7000?db=2", {"addresses": (("::1", 7000),), "password": "pw", "database": 2}, ""),
        (
            "rediss://cache?ssl_ca_certs=/ca.pem",
            {
                "addresses": (("cache", 6379),),
                "is_encrypted": True,
                "files": {"ssl_ca_certs": "/ca.pem"},
            },
            "",
        ),
        (
            "unix:///run/redis/with%20space.sock?db=1",
            {"socket": "/run/redis/with space.sock", "database": 1},
            "Redis at the socket /run/redis/with space.sock",
        ),
        (
            "redis+sentinel://user:pw@a,b:7000/main/2?sentinel_password=spw&sentinel_username=su",
            {
                "addresses": (("a", 26379), ("b", 7000)),
                "service": "main",
                "database": 2,
                "user": "user",
                "password": "pw",
                "sentinel_user": "su",
                "sentinel_password": "spw",
            },
            "Redis main of Sentinel at a port 26379 or b port 7000",
        ),
    ],
)
def test_url_of_redis_names_its_parts(url: str, parts: dict[str, object], place: str) -> None:
    parsed = parse_redis(url)
    assert parsed == NOTHING._replace(**parts)  # type: ignore[arg-type]
    assert not place or parsed.place == place


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("cache:6379", "must be memory://, "),
        ("http://cache", "must be memory://, "),
        ("memory://x", "must be memory://, "),
        ("redis://", "must name a host"),
        ("redis://a,b", "must be memory://, "),
        ("redis://cache/one", "must name the database by its number"),
        ("redis://cache/1/2", "must be memory://, "),
        ("redis://cache/1?db=2", "has the option db, which it names before the ? already"),
        ("redis://cache:port", "cannot be parsed"),
        ("redis://user:p@ss@cache", "cannot be parsed"),
        ("redis://cache?protocol=3", "has the unknown option protocol. Known are db"),
        ("redis://cache?ssl_ca_certs=/ca.pem", "has the unknown option ssl_ca_certs"),
        ("rediss://cache?db=1&db=2", "has the option db twice"),
        ("rediss://cache?ssl_keyfile=", "has an option ssl_keyfile without a value"),
        ("redis://cache?db", "has options that are not name=value"),
        ("redis+sentinel://a,b", "must name the service"),
        ("unix://", "must be memory://, "),
        ("postgresql://user@host", "must name a database"),
        ("redis://cache\n", "must be memory://, "),
    ],
)
def test_url_that_is_not_understood_is_refused(url: str, problem: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        check_backplane_url(url)
    assert str(caught.value).startswith(problem)


@pytest.mark.parametrize("url", [f"redis://u:{SECRET}@cache/x", f"x://{SECRET}"])
def test_refusal_shows_no_part_of_the_url(url: str) -> None:
    problem = problems_of({"LUMEN_BACKPLANE_URL": url})["LUMEN_BACKPLANE_URL"]
    assert SECRET not in problem


def test_passwords_are_masked_wherever_they_are_shown() -> None:
    url = f"redis+sentinel://u:{SECRET}@a/main?sentinel_password={SECRET}"
    settings = Settings.from_env({"LUMEN_BACKPLANE_URL": url})
    assert settings.backplane_url == url
    assert SECRET not in repr(settings)
    assert "backplane_url='redis+sentinel://u:***@a/main?sentinel_password=***'" in repr(settings)
