"""API: the HTTP application, put together of all endpoints.

endpoints   makes the classes of endpoints        routes    collects their routes
web         the web client, and the reference     openapi   describes them at `/openapi.json`
"""
