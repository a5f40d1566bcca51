"""Ticketing: `POST /notifications/stream/tickets`, something short-lived to put in the stream's URL."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.auth import TICKET_SECONDS, Tickets, Verifier
from lumen_notify.http.requests import caller
from lumen_notify.http.responses import answer
from lumen_notify.model import value


@value
class Ticketing:
    """Changes a token for a ticket."""

    verifier: Verifier
    tickets: Tickets

    async def post(self, request: Request) -> Response:
        """Answer 201 with the ticket and for how long it is good."""
        principal = await caller(request, self.verifier)
        return answer({"ticket": self.tickets.issue(principal), "expires_in": TICKET_SECONDS}, 201)
