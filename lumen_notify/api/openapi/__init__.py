"""Openapi: what the HTTP interface is, told to machines at `/openapi.json`; `/docs` reads it to people.

    operations   what each route does, takes and answers; `routes` pairs them with the endpoints
    answers      what answers look like     frames    what a stream carries     problems   all refusals
    schema       the words that all of these are told in
    document     puts it together, with the models that validate (`accept.bodies`), once at start

Not here: which path leads where (`routes`), the page itself (`web/docs.html`).
"""

from lumen_notify.api.openapi.document import Document
from lumen_notify.api.openapi.operation import Operation

__all__ = ["Document", "Operation"]
