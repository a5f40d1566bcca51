"""Bodies about accounts: registering, logging in, changing one's own account."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, SecretStr, model_validator

from lumen_notify.http.fields import Body, UserId, has, implies

MIN_PASSWORD_CHARACTERS = 8
MAX_PASSWORD_CHARACTERS = 1024
"""NIST SP 800-63B, section 3.1.1.2, requires a maximum of at least 64. The hash takes any length; this bounds
its work."""

MAX_NAME_CHARACTERS = 64

_NAME_PATTERN = "[a-z0-9][a-z0-9._-]{2,63}"
_AVATAR_PATTERN = r"[!#-\[\]-~]{1,2048}"

_NAME = re.compile(_NAME_PATTERN)
_AVATAR = re.compile(_AVATAR_PATTERN)


def normal_username(value: str) -> str:
    """Normalise a username: RFC 8265, section 3.3, for the few characters that it may have.

    Raises ValueError.
    """
    # The length first: normalising takes time that grows with its square, and never shortens such a text.
    name = unicodedata.normalize("NFKC", value).lower() if len(value) <= MAX_NAME_CHARACTERS else ""
    if not _NAME.fullmatch(name):
        raise ValueError(
            "must be 3 to 64 characters of a-z, 0-9, dot, dash and underscore, and start with a letter or "
            "digit"
        )
    return name


def _avatar(value: str) -> str:
    if not _AVATAR.fullmatch(value):
        raise ValueError("must be an address of 1 to 2,048 ASCII characters (RFC 3986)")
    return value


def new_password(value: SecretStr) -> SecretStr:
    """Return a password unchanged. Raises ValueError if it is too short or too long."""
    if not MIN_PASSWORD_CHARACTERS <= len(value) <= MAX_PASSWORD_CHARACTERS:
        limits = f"{MIN_PASSWORD_CHARACTERS} to {MAX_PASSWORD_CHARACTERS}"
        raise ValueError(f"must have {limits} characters; this has {len(value)}")
    return value


def _known(value: SecretStr) -> SecretStr:
    if len(value) > MAX_PASSWORD_CHARACTERS:
        raise ValueError(f"may have at most {MAX_PASSWORD_CHARACTERS} characters; this has {len(value)}")
    return value


Username = Annotated[
    str,
    AfterValidator(normal_username),
    Field(json_schema_extra={"pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{2,63}$"}),
]
Password = Annotated[
    SecretStr, AfterValidator(_known), Field(json_schema_extra={"maxLength": MAX_PASSWORD_CHARACTERS})
]
NewPassword = Annotated[
    SecretStr,
    AfterValidator(new_password),
    Field(json_schema_extra={"minLength": MIN_PASSWORD_CHARACTERS, "maxLength": MAX_PASSWORD_CHARACTERS}),
]
AccountAvatar = Annotated[
    str, AfterValidator(_avatar), Field(json_schema_extra={"pattern": f"^{_AVATAR_PATTERN}$"})
]
AnyRefreshToken = Annotated[
    SecretStr, AfterValidator(_known), Field(json_schema_extra={"maxLength": MAX_PASSWORD_CHARACTERS})
]


class RegisterBody(Body):
    """An account to create."""

    username: Username
    """The name to log in with. Not case-sensitive."""

    password: NewPassword
    """Any characters. Must differ from the username."""

    display_name: UserId | None = None
    """The name that other users see; by default the username."""

    avatar: AccountAvatar | None = None
    """The address of a picture, as your own pages resolve it."""


class LoginBody(Body):
    """The credentials of a user."""

    username: Username
    """The registered username."""

    password: Password
    """The account's password."""


class RefreshBody(Body):
    """A refresh token, from a log-in or the last refresh."""

    refresh_token: AnyRefreshToken
    """Valid once."""


class PasswordBody(Body):
    """A change of the password."""

    current_password: Password
    """The password until now."""

    new_password: NewPassword
    """The new password. Must differ from the username."""


class ProfileBody(Body):
    """A change of the profile: at least one of both fields."""

    model_config = ConfigDict(
        json_schema_extra=implies({"properties": {"avatar": {"not": {}}}}, has("display_name", type="string"))
    )

    display_name: UserId | None = None
    """The name that other users see."""

    avatar: AccountAvatar | None = None
    """The address of a picture; null removes it."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.display_name is None and "avatar" not in self.model_fields_set:
            raise ValueError("must have display_name, avatar or both")
        return self
