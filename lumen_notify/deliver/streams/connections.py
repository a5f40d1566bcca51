"""Connections: a user's own open streams: which there are, and a longer life for them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.auth import Verifier, bearer
from lumen_notify.deliver.streams.registry import StreamRegistry
from lumen_notify.model import rfc3339, to_json, value


@value
class Connections:
    """What a user does with his streams. instance: this process's name among several."""

    verifier: Verifier
    streams: StreamRegistry
    instance: str

    async def page(self, request: Request) -> Response:
        """Answer `GET /connections`: the caller's open streams here, oldest first."""
        principal = await self.verifier.verify(bearer(request.headers.get("authorization")))
        items = [
            {
                "id": connection.id,
                "device": connection.device,
                "connected_at": rfc3339(connection.connected_at),
                "instance": self.instance,
            }
            for connection in self.streams.of_user(principal.user_id)
        ]
        return _json({"items": items, "next_cursor": None})

    async def renew(self, request: Request) -> Response:
        """Answer `POST /notifications/stream/renew`: the caller's open streams last as long as the
        token that he shows, if that is longer."""
        principal = await self.verifier.verify(bearer(request.headers.get("authorization")))
        renewed = self.streams.renew(principal.user_id, principal.expires_at)
        return _json({"renewed": renewed, "expires_at": rfc3339(principal.expires_at)})


def _json(fields: dict[str, object]) -> Response:
    return Response(to_json(fields), headers={"cache-control": "no-store"}, media_type="application/json")
