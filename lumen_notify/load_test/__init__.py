"""Load test: measure how many streams and deliveries this machine handles (`lumen-notify bench`).

    measurement    the stages of a measurement and its results
    report         progress bars and the table of results; `run` does it all
    load           many streams and a few publishers (`stream_client`, `publisher`)
    protocol       the HTTP requests that the load sends to a server
    local_server   a `lumen-notify serve` process started for a measurement
    process        a server process, its memory and CPU time

Not here: the comparison with other servers (the project's `bench` folder).
"""

from lumen_notify.load_test.report import run

__all__ = ["run"]
