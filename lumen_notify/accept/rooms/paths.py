"""Parameters in the paths of rooms: the room's id and a user's id."""

from __future__ import annotations

from starlette.requests import Request

from lumen_notify.commit.permissions import room_not_found
from lumen_notify.errors import Invalid
from lumen_notify.http import fields


def room_id(request: Request) -> str:
    """Return the room's id in the path. Raises NotFound if no room can have this id."""
    id_: str = request.path_params["id"]
    try:
        return fields.room_id(id_)
    except ValueError:
        raise room_not_found() from None


def user_id(request: Request) -> str:
    """Return the user's id, the last part of the path. Raises Invalid."""
    try:
        return fields.user_id(request.path_params["user"])
    except ValueError as error:
        raise Invalid(str(error), field="user") from None
