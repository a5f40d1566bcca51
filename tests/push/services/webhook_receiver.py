"""Webhook receiver: an application that verifies requests by the library of Standard Webhooks."""

from __future__ import annotations

from standardwebhooks import Webhook, WebhookVerificationError

from push.services.https_service import HttpsService, Refused, Reply, Request

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class WebhookReceiver(HttpsService):
    """Takes what SECRET has signed."""

    def answer(self, request: Request) -> Reply:
        try:
            Webhook(SECRET).verify(request.body, dict(request.headers))
        except WebhookVerificationError as error:
            raise Refused(Reply(status=401), f"Standard Webhooks: {error}") from error
        return Reply(status=204)
