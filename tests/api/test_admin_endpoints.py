"""Admin endpoints: every route below /admin, and no other, asks for the scope notify:admin, or reads it."""

from __future__ import annotations

from clients import SECRET
from lumen_notify import Lumen, Settings
from lumen_notify.settings import Secret


async def test_every_route_below_admin_refuses_those_without_the_scope(sqlite_url: str) -> None:
    async with Lumen(Settings(database_url=sqlite_url, jwt_secret=Secret(SECRET))) as lumen:
        assert lumen._endpoints is not None
        operations = [
            (path.path, operation)
            for one in lumen._endpoints.api
            for path in one.routes()
            for operation in path.operations.values()
        ]
    admins = [(path, operation) for path, operation in operations if operation.tag == "admin"]
    assert len(admins) > 5
    for path, operation in admins:
        assert path.startswith("/admin/"), path
        assert "forbidden" in operation.refusals, path
        assert "notify:admin" in operation.description, path
    assert {path for path, _ in admins} == {path for path, _ in operations if path.startswith("/admin/")}
