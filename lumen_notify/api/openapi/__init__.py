"""OpenAPI: the description of the HTTP interface, at `/openapi.json`; `/docs` shows it as a page.

    document       builds it from the operations of all routes
    json_document  makes it on the first request, as the AsyncAPI document
    models         the schemas of the types of requests, responses and events
    stream         the schema of the server-sent events of a stream
    frames         the schemas of the frames that they carry
    types          the schemas of values that bodies and responses share
    control        the schemas of frames without an event of the log
    problems       the codes of problem documents, each with its status and meaning
    credentials    the security schemes
    schema         helpers for schemas that are written by hand

Not here: the `Operation` of each route, which is defined next to its endpoint; what events carry
(`model/events`); the AsyncAPI document (`api/asyncapi`); the page (`web/docs/docs.html`).
"""

from lumen_notify.api.openapi.document import Document

__all__ = ["Document"]
