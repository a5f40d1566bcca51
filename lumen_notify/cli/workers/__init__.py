"""Workers: several processes at one address (`serve --workers N`).

    pool           the parent: starts the workers, replaces them, ends them
    slot           keeps one worker running at one of the sockets
    process        one worker, as its parent sees it
    restarts       when a worker that ended is started again, and when this is given up
    totals         the metrics of all workers, added up
    channel        the messages between the parent and a worker
    parent_link    a worker's end of the channel

A worker is the same command in a new process (exec, not fork). It finds its socket and its channel by the
variable WORKER_VARIABLE. The parent has no Lumen, no database and no connections of clients.

Promises: a worker that ends is started again; one that does not answer for a long time is killed first. When
the parent ends, whatever ends it, so do the workers: their channel closes. A connection that waits at a
socket is never refused or reset while workers are replaced: the parent keeps all sockets open.
"""

from collections.abc import Mapping

WORKER_VARIABLE = "_LUMEN_WORKER"
"""The variable that makes a process a worker: the numbers of its two sockets, the listening one and the
channel, and its own, with commas."""


def worker_number(environ: Mapping[str, str]) -> int | None:
    """Return which worker this process is, from 1; None if it is none."""
    text = environ.get(WORKER_VARIABLE)
    return None if text is None else int(text.rpartition(",")[2])
