"""Opening: the URL names the backplane."""

from __future__ import annotations

import sys

import pytest

from lumen_notify.commit.database import Database
from lumen_notify.deliver.backplane.memory import MemoryBackplane
from lumen_notify.deliver.backplane.opening import NEEDS_EXTRA, backplane_place, open_backplane, open_redis
from lumen_notify.deliver.backplane.postgresql import PostgresqlBackplane
from lumen_notify.deliver.backplane.redis import RedisBackplane
from lumen_notify.deliver.backplane.remote import Receivers
from lumen_notify.errors import Misconfigured
from lumen_notify.outages import Outage
from lumen_notify.settings import Settings


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("memory://", MemoryBackplane),
        ("postgresql://", PostgresqlBackplane),
        ("postgresql://direct.example/name", PostgresqlBackplane),
        ("redis://127.0.0.1:1", RedisBackplane),
        ("unix:///tmp/none", RedisBackplane),
        ("rediss+sentinel://a,b/main", RedisBackplane),
    ],
)
async def test_url_names_the_backplane(url: str, expected: type) -> None:
    redis = open_redis(url)
    backplane = open_backplane(
        url,
        redis=redis,
        database=Database("postgresql://db/name"),
        instance="me",
        epoch=lambda: "e",
        receivers=Receivers(lambda *_: None, lambda _: None, lambda *_: None, lambda: None),
        outage=Outage("backplane"),
    )
    assert type(backplane) is expected
    if redis is not None:
        await redis.close()


def test_missing_package_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lumen_notify.redis_client", None)
    with pytest.raises(Misconfigured) as caught:
        open_redis("redis://127.0.0.1")
    assert caught.value.problems == (("LUMEN_BACKPLANE_URL", NEEDS_EXTRA),)
    assert "pip install lumen-notify[redis]" in NEEDS_EXTRA


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (None, "PostgreSQL at db port 5432"),
        ("postgresql://", "PostgreSQL at db port 5432"),
        ("postgresql://user:hunter2@[::1]:7000/name", "PostgreSQL at ::1 port 7000"),
        ("postgresql://a,b:7000/name?password=hunter2", "PostgreSQL at a port 5432 or b port 7000"),
        ("postgresql:///name?host=/run/postgresql", "PostgreSQL at the socket /run/postgresql/.s.PGSQL.5432"),
        ("postgresql:///name", "PostgreSQL at its default address"),
        ("redis://:hunter2@cache", "Redis at cache port 6379"),
    ],
)
def test_errors_of_the_backplane_name_its_variable_and_place(url: str | None, place: str) -> None:
    settings = Settings(database_url="postgresql://user:hunter2@db/name", backplane_url=url)
    assert backplane_place(settings) == f"LUMEN_BACKPLANE_URL ({place})"
