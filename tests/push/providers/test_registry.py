"""Registry: providers are chosen by one setting; what is wrong with it is said by name."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from textwrap import dedent

import pytest

from lumen_notify.commit.database import Database
from lumen_notify.errors import Misconfigured
from lumen_notify.push.providers import registry
from lumen_notify.push.providers.registry import BUILT_IN, open_providers
from lumen_notify.push.push import SENT, Push, Target
from lumen_notify.settings import Secret, Settings

OWN = """
from lumen_notify.push.push import SENT

class Courier:
    name = "courier"
    closed = []

    def __init__(self, settings):
        self.settings = settings

    async def send(self, push, target):
        return SENT

    def config(self):
        return {"region": "eu"}

    async def close(self):
        self.closed.append(self.name)

class Misnamed(Courier):
    name = "other"

class Bare:
    name = "bare"

    def __init__(self, settings):
        pass

def broken(settings):
    raise RuntimeError("no such region")
"""

ENTRY_POINTS = """
[lumen_notify.push]
courier = courier_push:Courier
misnamed = courier_push:Misnamed
bare = courier_push:Bare
broken = courier_push:broken
absent = courier_push:Absent
log = courier_push:Courier
"""


ABSENT = "module 'courier_push' has no attribute 'Absent'"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a package with providers of its own, as pip does."""
    (tmp_path / "courier_push.py").write_text(OWN)
    information = tmp_path / "courier_push-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: courier-push\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(dedent(ENTRY_POINTS))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "courier_push", raising=False)


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    database = Database(sqlite_url)
    await database.open()
    yield database
    await database.close()


async def names_of(database: Database, **settings: object) -> list[str]:
    providers = await open_providers(settings_of(database, **settings), database)
    for provider in providers.values():
        await provider.close()
    assert [provider.name for provider in providers.values()] == list(providers)
    return list(providers)


def settings_of(database: Database, **settings: object) -> Settings:
    return Settings(database_url=database.url, jwt_secret=Secret("s" * 32), **settings)


async def problems_of(database: Database, *names: str) -> list[str]:
    with pytest.raises(Misconfigured) as caught:
        await open_providers(settings_of(database, push_providers=names), database)
    assert {name for name, _ in caught.value.problems} == {"LUMEN_PUSH_PROVIDERS"}
    return [problem for _, problem in caught.value.problems]


async def test_providers_are_those_of_the_setting_in_its_order(database: Database) -> None:
    assert await names_of(database, push_providers=("log",)) == ["log"]
    assert await names_of(database, push_providers=("log", "log")) == ["log"]
    assert await names_of(database, push_providers=("off",)) == []


async def test_names_that_do_not_exist_are_refused_with_those_that_do(database: Database) -> None:
    first, second = await problems_of(database, "fmc", "log", "gotify")
    assert first == f"has fmc, which is none of {', '.join(BUILT_IN)}"
    assert second.startswith("has gotify")


@pytest.mark.usefixtures("installed")
async def test_provider_of_the_applications_own_is_found_by_its_entry_point(database: Database) -> None:
    settings = settings_of(database, push_providers=("courier", "log"))
    providers = await open_providers(settings, database)
    courier = providers["courier"]
    assert courier.config() == {"region": "eu"}
    assert vars(courier)["settings"] is settings
    push = Push(payload={}, collapse_key="1", badge=0, ttl_seconds=60)
    target = Target(id="1", user_id="bob", provider="courier", token="t")
    assert await courier.send(push, target) == SENT
    assert type(providers["log"]).__name__ == "LogProvider"  # not the one of the same name
    assert "courier" in (await problems_of(database, "none"))[0]


@pytest.mark.usefixtures("installed")
async def test_what_is_wrong_with_a_provider_of_ones_own_is_said(database: Database) -> None:
    assert await problems_of(database, "misnamed", "bare", "broken", "absent") == [
        "has misnamed, but `name` of courier_push:Misnamed is not 'misnamed'",
        "has bare, but courier_push:Bare has no method send and config and close",
        "has broken, but courier_push:broken raises RuntimeError: no such region",
        "has absent, but courier_push:Absent raises AttributeError: " + ABSENT,
    ]


@pytest.mark.usefixtures("installed")
async def test_providers_that_were_opened_are_closed_if_another_is_wrong(database: Database) -> None:
    await problems_of(database, "courier", "broken")
    import courier_push  # type: ignore[import-not-found] # noqa: PLC0415 - exists in this test alone

    assert courier_push.Courier.closed == ["courier"]


async def test_extra_that_is_not_installed_is_named(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(registry, "HAS_HTTP2", False)
    key = tmp_path / "key.p8"
    with pytest.raises(Misconfigured) as caught:
        await open_providers(
            settings_of(
                database,
                push_providers=("apns",),
                push_apns_key_file=key,
                push_apns_key_id="ABCDE12345",
                push_apns_team_id="ABCDE12345",
                push_apns_topic="example.app",
            ),
            database,
        )
    assert list(caught.value.problems) == [
        ("LUMEN_PUSH_PROVIDERS", "has apns, which needs libraries: pip install 'lumen-notify[push]'")
    ]
