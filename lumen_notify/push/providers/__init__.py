"""Providers: one module for each service.

| module | hands over to |
|---|---|
| fcm | Firebase Cloud Messaging, for Android, iOS and browsers |
| apns | Apple Push Notification service |
| webpush | the push services of browsers (RFC 8030) |
| webhook | an URL of the application (Standard Webhooks) |
| log | the server's log |
"""
