"""Push settings: those of devices and push, a part of `Settings`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

from lumen_notify.rates import Rate
from lumen_notify.settings.checks import (
    DAY,
    Count,
    KeyUrl,
    Names,
    Printable,
    PushContent,
    RateLimit,
    RetentionSeconds,
    Switch,
    VapidSubject,
    WebhookSecret,
)
from lumen_notify.settings.combinations import PROVIDER_SETTINGS


class PushSettings(BaseSettings):
    """The settings of push."""

    push_providers: Names | None = None
    """The providers of push, separated by commas: `fcm`, `apns`, `webpush`, `webhook`, `log`, or an entry
    point's name; `off` for none. By default Web Push, and those whose file or URL is set."""

    push_fcm_credentials_file: Path | None = None
    """The JSON file with the service account for Firebase Cloud Messaging; needs the extra
    `lumen-notify[push]`."""

    push_fcm_url: KeyUrl = "https://fcm.googleapis.com"
    """The address of Firebase Cloud Messaging, or of a gateway to it."""

    push_apns_key_file: Path | None = None
    """The .p8 file with the key for Apple's push service; needs the extra `lumen-notify[push]`."""

    push_apns_key_id: Printable | None = None
    """The ID of that key, ten characters."""

    push_apns_team_id: Printable | None = None
    """The ID of the team that owns the key, ten characters."""

    push_apns_topic: Printable | None = None
    """The bundle ID of the app."""

    push_apns_url: KeyUrl = "https://api.push.apple.com"
    """The address of Apple's push service: `https://api.sandbox.push.apple.com` for apps from Xcode, or a
    gateway's."""

    push_vapid_key_file: Path | None = None
    """A PEM file with the private key that Web Push subscriptions are bound to, as `lumen-notify vapid`
    prints it. By default the first start makes one, and keeps it in the database."""

    push_vapid_subject: VapidSubject | None = None
    """Where operators of push services reach you: a `mailto:` or `https:` address. Apple's service wants
    one."""

    push_webhook_url: KeyUrl | None = None
    """The address that gets a signed request for each push to a device of the provider `webhook`."""

    push_webhook_secret: WebhookSecret | None = None
    """The secret that signs these requests: `whsec_` and 24 to 64 bytes in base64 (Standard Webhooks)."""

    push_content: PushContent = "full"
    """How much a push shows: `full`, `title` (no content and no data), or `none` (only the number of unread
    notifications). A category may say otherwise."""

    push_delay_seconds: Annotated[float, Field(ge=0, le=3600)] = 10.0
    """How many seconds a push of normal priority waits for its user to see the notification, at most 3,600.
    High and urgent ones do not wait."""

    push_bundle_seconds: Annotated[float, Field(ge=0, le=DAY)] = 900.0
    """How many seconds pushes of low priority wait to become one, at most a day."""

    push_max_per_hour: Count = 20
    """The most pushes of one category that a user gets in an hour; the others become one. Urgent ones do not
    count. 0 means no limit."""

    push_rate: RateLimit = "off"
    """How many pushes each provider gets, as `500/second` (minute, hour, day); the others wait. 0 or `off`
    means no limit: 64 at once."""

    push_private_addresses: Switch = "off"
    """Whether Web Push subscriptions may name addresses that are not public, and other ports than 443, such
    as those of a test."""

    max_devices_per_user: Annotated[int, Field(ge=1, le=1000)] = 20
    """The most devices of one user, from 1 to 1,000; one more takes the place of the oldest."""

    retention_push_seconds: RetentionSeconds = 7 * DAY
    """How many seconds it is known what became of a push, and why a device was dropped, from 60 to ten years;
    0 means forever. What could not be pushed is kept for a day at least."""

    @property
    def push_provider_rate(self) -> Rate | None:
        """`push_rate` as a rate; None for no limit."""
        return None if self.push_rate in ("off", "0") else Rate.parse(self.push_rate)

    @property
    def push_provider_names(self) -> tuple[str, ...]:
        """The names of the providers to use; none if push is off."""
        if self.push_providers is None:
            configured = (name for name, setting in PROVIDER_SETTINGS.items() if getattr(self, setting))
            return ("webpush", *configured)
        return () if self.push_providers == ("off",) else self.push_providers
