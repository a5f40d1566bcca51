"""Responses about accounts and sessions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from lumen_notify.http.responses import Time

UserId = Annotated[str, Field(description="The account's permanent id: the `sub` of its tokens.")]
Avatar = Annotated[str | None, Field(description="The address of a picture.")]
Username = Annotated[str, Field(description="The name to log in with.")]
DisplayName = Annotated[str, Field(description="The name that other users see.")]


class Session(TypedDict):
    """A session."""

    user_id: UserId
    access_token: Annotated[str, Field(description="For `Authorization: Bearer`.")]
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, Field(ge=1, description="Lifetime of the access token, in seconds.")]
    refresh_token: Annotated[
        str, Field(description="Valid once, for the next access token. Store it as safely as a password.")
    ]


class User(TypedDict):
    """A user of this server."""

    user_id: UserId
    username: Username
    display_name: DisplayName
    avatar: Avatar


class Account(TypedDict):
    """The caller's account."""

    user_id: UserId
    username: Username
    display_name: DisplayName
    avatar: Avatar
    created_at: Time
