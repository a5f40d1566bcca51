"""API: the HTTP application with all its endpoints.

endpoints   creates the endpoint objects          routes      collects their routes
web         the web client, and the reference     openapi     describes them at `/openapi.json`
                                                  asyncapi    describes the streams at `/asyncapi.json`
"""
