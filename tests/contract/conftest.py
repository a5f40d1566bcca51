"""Fixtures for the contracts: a site on each of the two paths of a stream."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lumen_notify import Lumen

from .stream_site import PATHS, OpenSite, Site


@pytest.fixture(params=list(PATHS))
def protocol(request: pytest.FixtureRequest) -> type[HttpToolsProtocol]:
    return PATHS[request.param]


@pytest.fixture
async def open_site(sqlite_url: str, protocol: type[HttpToolsProtocol]) -> AsyncIterator[OpenSite]:
    """Open a site with settings, on each of the two paths."""
    async with contextlib.AsyncExitStack() as stack:

        async def open_(wrap: Callable[[Lumen], ASGIApp] = lambda lumen: lumen.app, **settings: Any) -> Site:
            return await stack.enter_async_context(Site.open(sqlite_url, protocol, wrap, **settings))

        yield open_


@pytest.fixture
async def site(open_site: OpenSite) -> Site:
    return await open_site()
