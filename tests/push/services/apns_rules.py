"""The failures of APNs: "Handling notification responses from APNs", "Understand error codes"."""

from __future__ import annotations

_BY_STATUS = {
    400: """BadCollapseId BadDeviceToken BadExpirationDate BadMessageId BadPriority BadTopic
        DeviceTokenNotForTopic DuplicateHeaders IdleTimeout InvalidPushType MissingDeviceToken MissingTopic
        PayloadEmpty TopicDisallowed""",
    403: """BadCertificate BadCertificateEnvironment ExpiredProviderToken Forbidden InvalidProviderToken
        MissingProviderToken UnrelatedKeyIdInToken BadEnvironmentKeyIdInToken""",
    404: "BadPath",
    405: "MethodNotAllowed",
    410: "ExpiredToken Unregistered",
    413: "PayloadTooLarge",
    429: "TooManyProviderTokenUpdates TooManyRequests",
    500: "InternalServerError",
    503: "ServiceUnavailable Shutdown",
}

ERRORS = {reason: status for status, reasons in _BY_STATUS.items() for reason in reasons.split()}
"""The status of each reason."""


class Broken(Exception):
    """A request breaks a rule. reason: Apple's word."""

    def __init__(self, reason: str, rule: str) -> None:
        super().__init__(f"{reason}: {rule}")
        self.reason = reason
