"""Empty: the minimum that Starlette does for a POST: it reads the body and responds 201 with a small JSON.

It checks no tokens, parses nothing and stores nothing: the upper limit for writes.

    python -m bench.empty PORT
"""

from __future__ import annotations

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bench import frame_bytes


async def post(request: Request) -> JSONResponse:
    """Read the body and respond 201."""
    await request.body()
    return JSONResponse({"id": frame_bytes.ID, "recipients": 1, "position": 1}, status_code=201)


app = Starlette(routes=[Route("/{path:path}", post, methods=["POST"])])

if __name__ == "__main__":
    uvicorn.run(
        app, port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="warning", access_log=False
    )
