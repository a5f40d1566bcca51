"""Empty: the least that Starlette does for a POST. It reads the body and answers 201 with a small JSON.

No token is checked, nothing is parsed, nothing is stored: the limit of what a write can be here.

    python -m bench.empty PORT
"""

from __future__ import annotations

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bench import frames


async def post(request: Request) -> JSONResponse:
    """Take whatever it is."""
    await request.body()
    return JSONResponse({"id": frames.ID, "recipients": 1, "position": 1}, status_code=201)


app = Starlette(routes=[Route("/{path:path}", post, methods=["POST"])])

if __name__ == "__main__":
    uvicorn.run(
        app, port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="warning", access_log=False
    )
