"""Photos: an application with likes, comments and followers, and lumen-notify mounted at /notify.

    export PYTHONPATH=docs/example
    lumen-notify serve --app photos:app

    curl localhost:8000/token -H "X-User: alice"       returns the token for the next line
    curl -N "localhost:8000/notify/api/v1/notifications/stream?token=..."
    curl -X POST localhost:8000/photos/1/likes -H "X-User: bob"
    curl -X POST localhost:8000/photos/1/comments -H "X-User: bob" -d '{"text": "Nice!"}'
    curl -X POST localhost:8000/users/alice/followers -H "X-User: bob"

The header X-User stands in for the application's own authentication, and the dictionaries for its database.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from lumen_notify import Lumen, Settings

NOTHING = Response(status_code=204)


@dataclass
class Photo:
    """A photo with its likes and comments. comments: list of (author, text)."""

    id: int
    owner: str
    likes: set[str] = field(default_factory=set)
    comments: list[tuple[str, str]] = field(default_factory=list)


class Likes:
    """Likes of photos. The owner is notified once per user, and never of their own like."""

    def __init__(self, notify: Lumen) -> None:
        self._notify = notify

    async def add(self, photo: Photo, user: str) -> None:
        """Like a photo. Liking it again changes nothing."""
        if user in photo.likes:
            return
        photo.likes.add(user)
        if user != photo.owner:
            await self._notify.publish(
                photo.owner,
                category="like",
                content="liked your photo",
                sender={"id": user},
                data={"photo": photo.id},
            )


class Comments:
    """Comments on photos. The owner and all earlier commenters are notified."""

    def __init__(self, notify: Lumen) -> None:
        self._notify = notify

    async def add(self, photo: Photo, user: str, text: str) -> None:
        """Comment on a photo."""
        others = {photo.owner, *(author for author, _ in photo.comments)} - {user}
        photo.comments.append((user, text))
        if others:
            await self._notify.publish(
                to={"users": sorted(others)},
                category="comment",
                content=text,
                sender={"id": user},
                data={"photo": photo.id},
            )


class Follows:
    """Followers of users."""

    def __init__(self, notify: Lumen) -> None:
        self._notify = notify
        self._followers: dict[str, set[str]] = defaultdict(set)

    async def add(self, followed: str, user: str) -> None:
        """Follow a user. Following them again changes nothing."""
        if user == followed or user in self._followers[followed]:
            return
        self._followers[followed].add(user)
        await self._notify.publish(
            followed, category="follow", content="follows you", sender={"id": user}, priority="low"
        )


class Photos:
    """The HTTP endpoints of the application."""

    def __init__(self, notify: Lumen) -> None:
        self._notify = notify
        self._photos = {1: Photo(1, "alice"), 2: Photo(2, "bob")}
        self._likes = Likes(notify)
        self._comments = Comments(notify)
        self._follows = Follows(notify)

    @property
    def routes(self) -> list[Route]:
        """The routes of the application."""
        return [
            Route("/token", self.token),
            Route("/photos/{photo:int}/likes", self.like, methods=["POST"]),
            Route("/photos/{photo:int}/comments", self.comment, methods=["POST"]),
            Route("/users/{user}/followers", self.follow, methods=["POST"]),
        ]

    async def token(self, request: Request) -> Response:
        """Return a token with which the user's page opens the stream and reads the notification list."""
        return JSONResponse({"token": self._notify.token(signed_in(request), ttl=3600)})

    async def like(self, request: Request) -> Response:
        """Handle `POST /photos/{photo}/likes`."""
        await self._likes.add(self._photo(request), signed_in(request))
        return NOTHING

    async def comment(self, request: Request) -> Response:
        """Handle `POST /photos/{photo}/comments`, `{"text": ..}`."""
        body: dict[str, Any] = await request.json()
        await self._comments.add(self._photo(request), signed_in(request), body["text"])
        return NOTHING

    async def follow(self, request: Request) -> Response:
        """Handle `POST /users/{user}/followers`."""
        await self._follows.add(request.path_params["user"], signed_in(request))
        return NOTHING

    def _photo(self, request: Request) -> Photo:
        photo = self._photos.get(request.path_params["photo"])
        if photo is None:
            raise HTTPException(404)
        return photo


def signed_in(request: Request) -> str:
    """Return the id of the signed-in user. Raises HTTPException (401) without one."""
    user = request.headers.get("x-user")
    if not user:
        raise HTTPException(401)
    return user


notify = Lumen(Settings.from_env())
app = Starlette(
    routes=[*Photos(notify).routes, Mount("/notify", notify.app)],
    lifespan=notify.lifespan,
)
