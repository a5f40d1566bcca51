"""Bodies about accounts: registering, logging in, and what one changes of one's own account."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, SecretStr, model_validator

from lumen_notify.http.fields import Body, UserId, has

MIN_PASSWORD_CHARACTERS = 8
MAX_PASSWORD_CHARACTERS = 1024
"""NIST SP 800-63B, section 3.1.1.2, asks for at least 64; the hash takes any length, this bounds the work."""

_NAME_PATTERN = "[a-z0-9][a-z0-9._-]{2,63}"
_AVATAR_PATTERN = r"[!#-\[\]-~]{1,2048}"

_NAME = re.compile(_NAME_PATTERN)
_AVATAR = re.compile(_AVATAR_PATTERN)


def account_name(value: str) -> str:
    """Bring a name into its one form: RFC 8265, section 3.3, for the few characters that a name may have.

    Raises ValueError, which says what it must be.
    """
    name = unicodedata.normalize("NFKC", value).lower()
    if not _NAME.fullmatch(name):
        raise ValueError(
            "must be 3 to 64 of a-z, 0-9, dot, dash and underscore, and begin with a letter or a digit"
        )
    return name


def _avatar(value: str) -> str:
    if not _AVATAR.fullmatch(value):
        raise ValueError("must be an address of 1 to 2,048 ASCII characters (RFC 3986)")
    return value


def new_password(value: SecretStr) -> SecretStr:
    """Return a password as it is. Raises ValueError: it is too short or too long."""
    if not MIN_PASSWORD_CHARACTERS <= len(value) <= MAX_PASSWORD_CHARACTERS:
        limits = f"{MIN_PASSWORD_CHARACTERS} to {MAX_PASSWORD_CHARACTERS}"
        raise ValueError(f"must be {limits} characters, this has {len(value)}")
    return value


def _known(value: SecretStr) -> SecretStr:
    if len(value) > MAX_PASSWORD_CHARACTERS:
        raise ValueError(f"may have at most {MAX_PASSWORD_CHARACTERS} characters, this has {len(value)}")
    return value


AccountName = Annotated[
    str,
    AfterValidator(account_name),
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
    """An account to make."""

    name: AccountName
    """What one logs in with; capitals and small letters are one."""

    password: NewPassword
    """Any characters; not the name."""

    username: UserId | None = None
    """The name to show; the name if it is left out."""

    avatar: AccountAvatar | None = None
    """Where a picture is, as your own pages understand it."""


class LoginBody(Body):
    """Who logs in."""

    name: AccountName
    """The name that was registered."""

    password: Password
    """The account's password."""


class RefreshBody(Body):
    """A refresh token: that of a log-in, or of the last refresh."""

    refresh_token: AnyRefreshToken
    """Good once, for a refresh."""


class PasswordBody(Body):
    """A password to change."""

    old: Password
    """The one that there is."""

    new: NewPassword
    """The one that there will be; not the name."""


class ProfileBody(Body):
    """What to change of what others are shown; at least one of both."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [has("username", type="string"), has("avatar")]})

    username: UserId | None = None
    """The name to show."""

    avatar: AccountAvatar | None = None
    """Where a picture is; null takes it away."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.username is None and "avatar" not in self.model_fields_set:
            raise ValueError("needs username and/or avatar")
        return self
