"""Bodies about devices: registering and deleting them."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from lumen_notify.accept.devices.keys import AuthSecret, PublicKey
from lumen_notify.commit.devices.devices import DeviceKind
from lumen_notify.http.fields import SLUG_PATTERN, Body, Title, has, implies, slug
from lumen_notify.model.endpoint import ENDPOINT_PATTERN, MAX_ENDPOINT_CHARACTERS

MAX_TOKEN_CHARACTERS = 4096

WEB_PUSH = "webpush"

# APNs tokens are bytes of a length that Apple does not promise ("Registering your app with APNs"). Those of
# FCM are opaque, and of these characters.
_APNS_PATTERN = "([0-9A-Fa-f]{2}){16,1024}"
_FCM_PATTERN = "[A-Za-z0-9_:.%-]{1,4096}"
_PATTERNS = {"apns": _APNS_PATTERN, "fcm": _FCM_PATTERN}
_SAID = {
    "apns": "must be the device token in hexadecimal digits, at least 32",
    "fcm": "must be the Firebase installation ID or the registration token: letters, digits and _ - : . %",
}
_TOKEN_PATTERN = rf"[^\u0000-\u001f\u007f-\u009f]{{1,{MAX_TOKEN_CHARACTERS}}}"
_LOCALE_PATTERN = "[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}"

_TOKEN = re.compile(rf"{_TOKEN_PATTERN}\Z")
_LOCALE = re.compile(rf"{_LOCALE_PATTERN}\Z")
_ENDPOINT = re.compile(rf"{ENDPOINT_PATTERN}\Z")


def _token(value: str) -> str:
    if not _TOKEN.match(value):
        raise ValueError(f"must be 1 to {MAX_TOKEN_CHARACTERS:,} characters without control characters")
    return value


def _locale(value: str) -> str:
    if not _LOCALE.match(value):
        raise ValueError("must be a language tag such as en or pt-BR (BCP 47)")
    return value


def _endpoint(value: str) -> str:
    if not _ENDPOINT.match(value):
        raise ValueError("must be an https URL, without a user name and a fragment")
    return value


def _provider_token(provider: str, token: str) -> str:
    """Return a token as one device always has it. Raises ValueError if the provider has no such tokens."""
    pattern = _PATTERNS.get(provider)
    if pattern is not None and not re.fullmatch(pattern, token):
        raise ValueError(_SAID[provider])
    return token.lower() if provider == "apns" else token


Provider = Annotated[str, AfterValidator(slug), Field(json_schema_extra={"pattern": f"^{SLUG_PATTERN}$"})]
Token = Annotated[str, AfterValidator(_token), Field(json_schema_extra={"pattern": f"^{_TOKEN_PATTERN}$"})]
Endpoint = Annotated[
    str,
    Field(
        max_length=MAX_ENDPOINT_CHARACTERS,
        json_schema_extra={"pattern": f"^{ENDPOINT_PATTERN}$", "examples": ["https://push.example/f3a9"]},
    ),
    AfterValidator(_endpoint),
]
Locale = Annotated[str, AfterValidator(_locale), Field(json_schema_extra={"pattern": f"^{_LOCALE_PATTERN}$"})]


def _both(*schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of what meets several implications."""
    return {"not": {"anyOf": [schema["not"] for schema in schemas]}}


_IS_WEB_PUSH = has("provider", const=WEB_PUSH)


class KeysBody(Body):
    """The keys of a device, for end-to-end encryption."""

    p256dh: PublicKey
    """Its public key: a point of P-256, uncompressed, in base64url."""

    auth: AuthSecret
    """Its secret: 16 bytes in base64url."""


class SubscriptionBody(Body):
    """A Web Push subscription, as `JSON.stringify(subscription)` makes it in the browser."""

    endpoint: Endpoint
    """The address of the push service for this browser."""

    expiration_time: Annotated[float | None, Field(alias="expirationTime")] = None
    """Ignored: the push service says when the subscription has ended."""

    keys: KeysBody
    """Its keys."""


class DeviceBody(Body):
    """A device to register. `webpush` takes a `subscription`; the other providers take a `token`."""

    model_config = ConfigDict(
        json_schema_extra=_both(
            implies(
                _IS_WEB_PUSH,
                {
                    **has("subscription", type="object"),
                    "not": {"anyOf": [has("token", type="string"), has("keys", type="object")]},
                },
            ),
            implies(
                has("provider", **{"not": {"const": WEB_PUSH}}),
                {**has("token", type="string"), "not": has("subscription", type="object")},
            ),
            *(
                implies(has("provider", const=name), {"properties": {"token": {"pattern": f"^{pattern}$"}}})
                for name, pattern in _PATTERNS.items()
            ),
        )
    )

    provider: Provider
    """One of those that `GET /push/config` lists."""

    token: Token | None = None
    """By which the provider knows the device."""

    subscription: SubscriptionBody | None = None
    """Of Web Push."""

    kind: Annotated[DeviceKind, Field(json_schema_extra={"x-model": "Device"})] | None = None
    """What it is: a publication may be for some kinds."""

    name: Title | None = None
    """What its user calls it, or the program on it: one line."""

    locale: Locale | None = None
    """Its language (BCP 47)."""

    keys: KeysBody | None = None
    """With keys, pushes are encrypted: only the device can read them. Those of Web Push are in the
    subscription."""

    @field_validator("token")
    @classmethod
    def _fits_provider(cls, value: str | None, info: ValidationInfo) -> str | None:
        return None if value is None else _provider_token(info.data.get("provider", ""), value)

    @model_validator(mode="after")
    def _has_its_address(self) -> Self:
        if self.provider == WEB_PUSH:
            if self.subscription is None or self.token is not None or self.keys is not None:
                raise ValueError(f"must have a subscription, and no token and keys, for {WEB_PUSH}")
        elif self.token is None or self.subscription is not None:
            raise ValueError(f"must have a token, and no subscription, for {self.provider}")
        return self

    @property
    def address(self) -> str:
        """By which the provider knows the device: its token, or the endpoint of its subscription."""
        return self.token or (self.subscription.endpoint if self.subscription is not None else "")

    @property
    def own_keys(self) -> KeysBody | None:
        """The keys of the device, or of its subscription."""
        return self.keys if self.subscription is None else self.subscription.keys


class DeviceTokenBody(Body):
    """A device to delete, by its token."""

    provider: Provider
    """As it was registered."""

    token: Token
    """As it was registered; of Web Push the endpoint."""

    @field_validator("token")
    @classmethod
    def _as_stored(cls, value: str, info: ValidationInfo) -> str:
        return value.lower() if info.data.get("provider") == "apns" else value
