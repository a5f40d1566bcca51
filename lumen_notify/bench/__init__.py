"""Bench: what does this box give? `run` is `lumen-notify bench`.

survey     the stages, the progress bar and the table
own        a server started for a measurement; process: any server's memory and processor time
load       many streams and a few publishers, made of `stream` and `publisher`
wire       the bytes that a server wants
"""

from lumen_notify.bench.survey import run

__all__ = ["run"]
