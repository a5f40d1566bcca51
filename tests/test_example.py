"""The example application, over real HTTP: on our own server, and on a plain uvicorn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import httpx_sse
import pytest

from servers import RunningServer

FOLDER = Path(__file__).parent.parent / "docs" / "example"


class PhotosServer(RunningServer):
    """The example. is_ours: by `lumen-notify serve`; else by uvicorn itself."""

    name = "photos"
    is_ours = True

    @property
    def command(self) -> list[str]:
        if self.is_ours:
            return ["-m", "lumen_notify", "serve", "--app", "photos:app"]
        return ["-m", "uvicorn", "--port", str(self.port), "--timeout-graceful-shutdown", "10", "photos:app"]

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/notify/healthz", trust_env=False).is_success
        except httpx.TransportError:
            return False


@pytest.fixture(params=["ours", "plain"])
def photos(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PhotosServer]:
    server = PhotosServer(tmp_path, environ={"PYTHONPATH": str(FOLDER)})
    server.is_ours = request.param == "ours"
    try:
        yield server.start()
    finally:
        server.kill()


class Page:
    """What the page of one user does: gets its token, opens its stream, reads frames."""

    def __init__(self, client: httpx.Client, user: str) -> None:
        token = client.get("/token", headers={"X-User": user}).json()["token"]
        self._stream = httpx_sse.connect_sse(
            client, "GET", "/notify/api/v1/notifications/stream", params={"token": token}
        )
        self._frames = self._stream.__enter__().iter_sse()
        assert self.next().event == "ready"

    def next(self) -> httpx_sse.ServerSentEvent:
        return next(frame for frame in self._frames if frame.data)

    def notification(self) -> tuple[str, int, dict[str, Any]]:
        frame = json.loads(self.next().data)
        return frame["type"], frame["unread_count"], frame["data"]

    def close(self) -> None:
        self._stream.__exit__(None, None, None)


@pytest.mark.server
def test_like_comment_and_follow_reach_those_whom_they_concern(photos: PhotosServer) -> None:
    with httpx.Client(base_url=photos.url, timeout=20, trust_env=False) as client:
        alice, bob = Page(client, "alice"), Page(client, "bob")

        def do(user: str, path: str, body: object = None) -> None:
            assert client.post(path, headers={"X-User": user}, json=body).status_code == 204

        do("bob", "/photos/1/likes")
        do("bob", "/photos/1/likes")
        do("alice", "/photos/1/likes")
        do("bob", "/photos/1/comments", {"text": "Nice!"})
        do("carol", "/photos/1/comments", {"text": "Where is it?"})
        do("bob", "/users/alice/followers")

        seen = [alice.notification() for _ in range(4)]
        assert [(kind, unread) for kind, unread, _ in seen] == [
            ("like", 1),
            ("comment", 2),
            ("comment", 3),
            ("follow", 4),
        ]
        assert [shown["sender"]["id"] for _, _, shown in seen] == ["bob", "bob", "carol", "bob"]
        assert seen[0][2]["content"] == "liked your photo"
        assert seen[0][2]["data"] == {"photo": 1}
        kind, unread, shown = bob.notification()
        assert (kind, unread, shown["content"]) == ("comment", 1, "Where is it?")

        assert client.post("/photos/9/likes", headers={"X-User": "bob"}).status_code == 404
        assert client.post("/photos/1/likes").status_code == 401
        photos.process.terminate()
        assert json.loads(alice.next().data) == {"reason": "shutdown", "reconnect": True}
        alice.close()
        bob.close()
        photos.process.wait(timeout=20)
    if photos.is_ours:
        assert photos.process.returncode == 0
