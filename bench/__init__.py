"""Comparison: measure this server against a bare protocol, a plain application and nchan (`make bench`).

    __main__             the command line: measures all set-ups, then writes the page
    compared_servers     starts each server; `bare`, `plain`, `empty` and `nchan` are the others
    stream_measurements  memory, deliveries and latency of streams
    write_measurements   durable writes, with `post_load`
    instances            starts workers and instances of ours; `instance_measurements` measures them
    cpu_usage            CPU shares during a measurement; repeats disturbed measurements
    page                 goals, the table of results and `docs/performance.md` (method: `method.md`)

Two commands of their own measure for `docs/scaling.md`: `scaling` what instances cost beside each other, and
`workers` many streams over several processes (with `load_process`). `intake` measures for `docs/intake.md`
what comes from a queue.

The load generator is `lumen_notify.load_test`.
"""

import sys
from pathlib import Path

# `durable_postgresql`, `instances` and `intake` use modules of `tests/`, which the tests import by their bare
# names, too. First: a package `valkey` may be installed.
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
