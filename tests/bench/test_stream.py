import asyncio

import pytest

from lumen_notify.bench.stream import NO_GOAL, Opening, SampledStream, Stream, StreamRefused, Tally
from lumen_notify.bench.wire import stamped

FRAMES = b'id: a-1\ndata: {"n":1}\n\n' * 3
CHUNKED = b'18\r\nid: a-1\ndata: {"n":1}\n\n\r\n' * 3


class Transport(asyncio.Transport):
    """A transport that remembers."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.protocol: asyncio.BaseProtocol | None = None
        self.is_aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def abort(self) -> None:
        self.is_aborted = True

    def is_closing(self) -> bool:
        return self.is_aborted


@pytest.mark.parametrize("wire", [FRAMES, CHUNKED], ids=["plain", "chunked"])
def test_frames_are_counted_wherever_the_reads_are_cut(wire: bytes) -> None:
    for first in range(len(wire) + 1):
        for second in range(first, len(wire) + 1):
            tally = Tally()
            stream = Stream(Transport(), tally)
            for part in (wire[:first], wire[first:second], wire[second:]):
                if part:
                    stream.data_received(part)
            assert tally.frames == 3, (first, second)


def test_frames_are_counted_when_they_come_byte_by_byte() -> None:
    tally = Tally()
    stream = Stream(Transport(), tally)
    for at in range(len(CHUNKED)):
        stream.data_received(CHUNKED[at : at + 1])
    assert tally.frames == 3


def test_a_sampled_stream_notes_the_age_of_each_stamp() -> None:
    tally = Tally()
    SampledStream(Transport(), tally).data_received(f"data: {stamped(0)}\n\ndata: {stamped(1)}\n\n".encode())
    assert tally.frames == 2
    first, second = tally.receipts_ns
    assert first - second == 1


def test_a_stamp_that_is_cut_off_is_not_noted() -> None:
    tally = Tally()
    SampledStream(Transport(), tally).data_received(f"data: {stamped(0)}"[:-3].encode())
    assert tally.receipts_ns == []


async def test_a_waiter_goes_on_when_its_goal_is_reached_and_not_before() -> None:
    tally = Tally()
    stream = Stream(Transport(), tally)
    near, far = (asyncio.ensure_future(tally.reach(frames)) for frames in (3, 4))
    await asyncio.sleep(0)
    stream.data_received(FRAMES)
    await asyncio.wait_for(near, 1)
    assert not far.done()
    stream.data_received(FRAMES)
    await asyncio.wait_for(far, 1)
    assert tally.goal == NO_GOAL


async def test_a_stream_that_the_server_ends_fails_who_waits() -> None:
    tally = Tally()
    stream = Stream(Transport(), tally)
    waiter = asyncio.ensure_future(tally.reach(1))
    await asyncio.sleep(0)
    stream.connection_lost(None)
    with pytest.raises(StreamRefused):
        await asyncio.wait_for(waiter, 1)
    assert tally.lost == 1


async def test_a_stream_that_we_close_is_not_lost() -> None:
    tally = Tally()
    stream = Stream(Transport(), tally)
    stream.close()
    stream.connection_lost(None)
    assert tally.lost == 0


async def test_a_stream_opens_at_its_ready_frame_and_counts_only_what_follows() -> None:
    tally, transport = Tally(), Transport()
    opening = Opening(b"GET", b"event: ready", tally, is_sampled=False)
    opening.connection_made(transport)
    assert transport.written == b"GET"
    opening.data_received(b"HTTP/1.1 200 OK\r\n\r\nretry: 9\n\n")
    assert not opening.opened.done()
    opening.data_received(b"id: a-7\nevent: ready\ndata: {}\n\n" + FRAMES)
    stream, first = await opening.opened
    assert transport.protocol is stream
    assert first.endswith(b"id: a-7\nevent: ready\ndata: {}\n\n")
    assert tally.frames == 3


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 401 Unauthorized\r\n\r\n",
        b'HTTP/1.1 200 OK\r\n\r\nevent: closing\ndata: {"reason":"overloaded"}\n\n',
    ],
    ids=["401", "closing"],
)
async def test_a_stream_that_is_refused_says_so(answer: bytes) -> None:
    transport = Transport()
    opening = Opening(b"GET", b"event: ready", Tally(), is_sampled=False)
    opening.connection_made(transport)
    opening.data_received(answer)
    with pytest.raises(StreamRefused):
        await opening.opened
    assert transport.is_aborted
