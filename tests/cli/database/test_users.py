"""`lumen-notify users`: a user's data out of the database and gone from it, beside a running server."""

from __future__ import annotations

import json

import httpx
import pytest

from clients import SECRET, token
from conftest import StartServer
from lumen_notify.cli.database.users import delete_user, export_user
from lumen_notify.commit.users import deletion
from lumen_notify.errors import Invalid
from lumen_notify.settings import Secret, Settings

from ..test_account import account


@pytest.fixture(autouse=True)
def _deletions_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "LATE_MS", 0)


async def exported(settings: Settings, user: str) -> list[dict[str, object]]:
    lines: list[str] = []
    await export_user(settings, user, lines.append)
    return [json.loads(line) for line in lines]


async def test_user_is_exported_and_deleted_while_the_server_runs(
    start_server: StartServer, database_url: str
) -> None:
    server = start_server(database_url=database_url, LUMEN_JWT_SECRET=SECRET)
    api = f"{server.url}/api/v1/notifications"
    app = {"Authorization": f"Bearer {token('app', 'notify:publish')}"}
    own = {"Authorization": f"Bearer {token('ann')}"}
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        body = {"to": {"user": "ann"}, "category": "like", "content": "hi"}
        assert (await http.post(api, json=body, headers=app)).status_code == 201
        assert (await http.get(api, headers=own)).status_code == 200
        settings = Settings(database_url=database_url, jwt_secret=Secret(SECRET))
        lines = await exported(settings, "ann")
        assert [one["type"] for one in lines] == ["profile", "preferences", "notification", "end"]
        steps: list[str] = []
        await delete_user(settings, "ann", messages="keep", report=steps.append)
        assert steps[0] == "rooms"
        assert [one["type"] for one in await exported(settings, "ann")] == ["profile", "preferences", "end"]
        assert (await http.get(f"{api}/counts", headers=app)).status_code == 200


@pytest.mark.server
async def test_username_is_no_user_id(sqlite_url: str, tmp_path: object) -> None:
    settings = Settings(database_url=sqlite_url)
    done = account(tmp_path, "ann", typed="correct horse battery\n", LUMEN_DATABASE_URL=sqlite_url)  # type: ignore[arg-type]
    user_id = done.stdout.decode().strip()
    with pytest.raises(Invalid) as caught:
        await exported(settings, "ann")
    assert user_id in caught.value.message
    assert [one["type"] for one in await exported(settings, user_id)][:2] == ["profile", "account"]
    with pytest.raises(Invalid):
        await delete_user(settings, "\n", messages="keep", report=lambda _: None)
