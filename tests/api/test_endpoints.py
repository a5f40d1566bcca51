"""Endpoints: every class of endpoints is made, with the limits of the settings."""

from __future__ import annotations

import inspect
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType
from typing import Any

from clients import SECRET
from lumen_notify import Lumen, Settings, accept, deliver
from lumen_notify.accept.accounts.accounts import AccountEndpoints
from lumen_notify.accept.accounts.sessions import SessionEndpoints
from lumen_notify.api.endpoints import Endpoints
from lumen_notify.http.context import Limits
from lumen_notify.settings import Secret


async def made(database_url: str, **settings: Any) -> Endpoints:
    given = Settings(database_url=database_url, jwt_secret=Secret(SECRET)).with_(**settings)
    async with Lumen(given) as lumen:
        assert lumen._endpoints is not None
        return lumen._endpoints


def types_of(endpoints: Endpoints) -> set[type]:
    return {type(one) for one in (*endpoints.api, endpoints.health)}


def classes_in(package: ModuleType) -> set[type]:
    """Find the classes of endpoints in all modules of a package."""
    modules = [import_module(one.name) for one in walk_packages(package.__path__, f"{package.__name__}.")]
    return {
        found
        for module in modules
        for name, found in vars(module).items()
        if name.endswith(("Endpoint", "Endpoints"))
        if inspect.isclass(found) and found.__module__ == module.__name__
    }


async def test_every_class_of_endpoints_is_made_once(sqlite_url: str) -> None:
    endpoints = await made(sqlite_url, accounts="on")
    classes = classes_in(accept) | classes_in(deliver)
    assert len(classes) > 15
    assert types_of(endpoints) == classes
    assert len(endpoints.api) + 1 == len(classes)


async def test_endpoints_of_accounts_are_made_only_if_accounts_are_on(sqlite_url: str) -> None:
    off, on = await made(sqlite_url), await made(sqlite_url, accounts="on")
    assert types_of(on) - types_of(off) == {AccountEndpoints, SessionEndpoints}
    assert off.accounts is None
    assert isinstance(on.accounts, AccountEndpoints)


async def test_the_library_has_the_same_limits_as_requests(sqlite_url: str) -> None:
    endpoints = await made(
        sqlite_url, max_body_bytes=100, max_content_characters=70, max_batch_rows=7, max_rooms_per_user=3
    )
    context = endpoints.publisher.context
    assert context.limits == Limits(
        max_body_bytes=100, max_content_characters=70, max_batch_rows=7, max_rooms=3
    )
    assert endpoints.messenger.context is endpoints.typing.context is context
