"""AsyncAPI: the description of what streams carry and intake takes, at `/asyncapi.json`; `/docs` shows it.

    document    builds it
    channels    the streams, with the operation that opens each
    messages    a message for each frame of a user's stream
    examples    the bytes of an example of each, made by the code that makes all frames
    intake      the messages that come from a queue, and its dead letters
    schemas     those of the OpenAPI document that messages refer to

Promise: nothing is described twice. Schemas, descriptions, parameters and credentials are those of the
OpenAPI document (`api/openapi`), and examples are what the server sends.
"""

from lumen_notify.api.asyncapi.document import Document

__all__ = ["Document"]
