"""OpenAPI: the description of the HTTP interface, at `/openapi.json`; `/docs` shows it as a page.

    document       puts it together at start: the operations of all routes, with the schemas of their models
    credentials    the ways in which a request may carry them
    frames         what a stream carries
    problems       all problem documents
    schema         helpers for schemas that are written by hand

Not here: what each route does, takes and answers (its `Operation` stands beside its endpoint), the page
itself (`web/docs.html`).
"""

from lumen_notify.api.openapi.document import Document

__all__ = ["Document"]
