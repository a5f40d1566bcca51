"""Connection: one client's open stream, and how its bytes leave the process.

`connection` says what every connection does; `transport` writes to the TCP connection itself, `fallback` to a
queue that an ordinary response drains. `handover` takes the TCP connection from uvicorn.

`http_protocol` is uvicorn's HTTP with all its rules: `request_head` checks requests, `http_refusal` answers
those that cannot be read, `request_cycle` and `send_timeout` are about responses.
"""
