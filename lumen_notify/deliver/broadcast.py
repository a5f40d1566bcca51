"""Broadcast: notifications to everyone, delivered to all channels in one loop.

A notification to 10,000 streams is 10,000 system calls. Next to them, the work per channel has to be small:
a few attribute reads, two dictionary look-ups, one addition. The following makes that enough.

What was measured (docs/performance.md, 2 cores, one for the server):

| figure | this loop | a bare uvloop protocol |
|---|---|---|
| deliveries, one publish after the other, 10,000 streams | 160,403/s | 161,410/s |
| deliveries, 8 publishers at once, 1,000 streams | 501,483/s | 298,568/s |
| memory per idle stream, 10,000 streams of 10,000 users | 2.87 KiB | |

The second row is above the bare protocol because several notifications leave in one write.

1. **Counts are a total and a shape.** A frame of a notification shows one number, the total. So a channel
   keeps `total` (an int) and `shape` (`frames.count_shape.CountShape`): how the total is spread over
   categories and rooms. A shape does not store the number of its main category; that number is whatever is
   left:

       number of `main` = total - fixed            fixed = sum(others) + sum(rooms)

   One more notification of the main category therefore changes the total and leaves the shape as it is. Users
   whose counts differ in the main category alone share one shape, which is why 10,000 users need a handful of
   them. A channel takes a quarter of the memory that full `Counts` would take, and each frame computes what a
   shape becomes only once (`NotificationFrame.next_shapes`), and the chunk for a total only once
   (`NotificationFrame.encoded`); it keeps at most MAX_CACHED of both, until the fan-out ends.

   Invariants: a shape is never changed in place; `fixed <= total`; `main` is "" only while `total == fixed`;
   `shape.counts(total)` equals what a fresh query would answer at the channel's position.

2. **Chunks go directly to the file descriptor.** While nothing waits for a stream, `os.write` on the
   socket's descriptor does what the transport would do, without its calls; this took a fifth off a fan-out.
   A channel copies the descriptor of its connection, so that the loop does not touch the connection object,
   which by then is in no CPU cache.

   Invariants of `Channel.direct_fd`: it is not NO_FD only if the channel has exactly one connection, which
   is open, speaks no TLS, and has an empty transport and backlog. The transport's high-water mark is 0, so
   it calls `pause_writing`, which clears the descriptor, as soon as it holds a byte; chunks cannot overtake
   one another. The descriptor is cleared before the socket is closed; its number, which the kernel may
   reuse, is never written to afterwards. All of this happens on the loop's thread, without an await between
   the check and the write. Bytes that the kernel does not take, and errors, go to `Connection.enqueue`.

3. **Each channel gets each event once.** A stream that opens during a fan-out has its channel caught up first
   (`Hub.catch_up`), which moves `Channel.position`. The loop skips channels that are already at `position`.

4. **A channel that raises does not stop the others.** The `try` is outside the loop over the channels, where
   it costs nothing, and the loop goes on behind the channel that raised.

`tests/deliver/test_channel.py`, `test_broadcast.py`, `test_hub.py` and `connection/test_transport.py` check
these invariants against models.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lumen_notify.deliver.channel import Channel
from lumen_notify.deliver.connection.connection import NO_FD, write_direct
from lumen_notify.deliver.frames import NOT_SHOWN, NotificationFrame


def broadcast(
    channels: Sequence[Channel],
    frame: NotificationFrame,
    position: int,
    now: int,
    on_failure: Callable[[Channel], None],
) -> int:
    """Do what `Channel.deliver` does with one notification, for many channels, without calls for each; return
    to how many users it was sent.

    Channels that are already at `position` are skipped. now: whole seconds of the timer wheel's clock.
    on_failure: called for a channel that raised, while the exception is handled.
    """
    not_sent = 0
    next_shapes = frame.next_shapes
    encoded = frame.encoded
    remaining = iter(channels)
    while True:
        try:
            for channel in remaining:
                if channel.position < position:
                    channel.position = position
                    before = channel.shape
                    shape = next_shapes[before] if before in next_shapes else frame.next_shape(before)
                    if shape is None:
                        not_sent += 1
                        continue
                    if shape is not before:
                        channel.shape = shape
                    channel.last_sent_at = now
                    channel.total = total = channel.total + 1
                    chunks = encoded.get(total) or frame.encode(total)
                    fd = channel.direct_fd
                    if fd == NO_FD:
                        not_sent += not channel.connections
                        channel.write(chunks, now)
                    elif rest := write_direct(fd, chunks):
                        channel.connections[0].enqueue(rest)
                else:
                    not_sent += 1
            return len(channels) - not_sent
        except Exception:  # noqa: BLE001 - one channel fails, whatever it is
            not_sent += 1
            on_failure(channel)  # type: ignore[possibly-undefined]  # only the loop raises


def broadcast_several(
    channels: Sequence[Channel],
    frames: Sequence[NotificationFrame],
    position: int,
    now: int,
    on_failure: Callable[[Channel], None],
) -> int:
    """Do the same with several notifications, in one write for all of them; return the number of frames
    sent."""
    sent = 0
    tables = [(frame, frame.next_shapes, frame.encoded) for frame in frames]
    remaining = iter(channels)
    while True:
        try:
            for channel in remaining:
                if channel.position < position:
                    channel.position = position
                    shape, total, chunks = channel.shape, channel.total, NOT_SHOWN
                    for frame, next_shapes, encoded in tables:
                        after = next_shapes[shape] if shape in next_shapes else frame.next_shape(shape)
                        if after is not None:
                            shape = after
                            total += 1
                            chunks += encoded.get(total) or frame.encode(total)
                    if channel.connections:
                        sent += total - channel.total
                    channel.shape = shape
                    channel.total = total
                    if channel.direct_fd != NO_FD and chunks:
                        channel.last_sent_at = now
                        if rest := write_direct(channel.direct_fd, chunks):
                            channel.connections[0].enqueue(rest)
                    else:
                        channel.write(chunks, now)
            return sent
        except Exception:  # noqa: BLE001 - one channel fails, whatever it is
            on_failure(channel)  # type: ignore[possibly-undefined]  # only the loop raises
