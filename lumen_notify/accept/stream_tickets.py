"""Stream tickets: `POST /notifications/stream/tickets`, short-lived credentials for the stream's URL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from lumen_notify.auth import TICKET_SECONDS, Tickets
from lumen_notify.http.context import Context
from lumen_notify.http.operation import OF_BODIES, Operation
from lumen_notify.http.responses import answer
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import value


class Ticket(TypedDict):
    """A ticket for the stream's URL."""

    ticket: str
    expires_in: Annotated[int, Field(ge=1, description="Seconds.")]


@value
class TicketEndpoint:
    """Issues tickets."""

    context: Context
    tickets: Tickets

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/notifications/stream/tickets",
            POST=(
                self.post,
                Operation(
                    name="createStreamTicket",
                    tag="stream",
                    summary="Get a ticket for the stream's URL",
                    description=(
                        f"Put it in the URL instead of the token. It is valid for {TICKET_SECONDS} seconds."
                    ),
                    status=201,
                    answered="The ticket.",
                    response=Ticket,
                    problems=OF_BODIES,
                ),
            ),
        )

    async def post(self, request: Request) -> Response:
        """Answer `POST /notifications/stream/tickets`: 201 with the ticket and its lifetime."""
        principal = await self.context.caller(request)
        await self.context.no_body(request)
        ticket: Ticket = {"ticket": self.tickets.issue(principal), "expires_in": TICKET_SECONDS}
        return answer(ticket, 201)
