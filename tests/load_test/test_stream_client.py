import asyncio

import pytest

from lumen_notify.load_test.protocol import stamped_content
from lumen_notify.load_test.stream_client import (
    NO_GOAL,
    FrameCounter,
    OpeningStream,
    SampledStreamClient,
    StreamClient,
    StreamRefused,
)

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


@pytest.mark.parametrize("data", [FRAMES, CHUNKED], ids=["plain", "chunked"])
def test_frames_are_counted_wherever_the_reads_are_cut(data: bytes) -> None:
    for first in range(len(data) + 1):
        for second in range(first, len(data) + 1):
            counter = FrameCounter()
            stream = StreamClient(Transport(), counter)
            for part in (data[:first], data[first:second], data[second:]):
                if part:
                    stream.data_received(part)
            assert counter.frames == 3, (first, second)


def test_frames_are_counted_when_they_come_byte_by_byte() -> None:
    counter = FrameCounter()
    stream = StreamClient(Transport(), counter)
    for at in range(len(CHUNKED)):
        stream.data_received(CHUNKED[at : at + 1])
    assert counter.frames == 3


def test_a_sampled_stream_notes_the_age_of_each_stamp() -> None:
    counter = FrameCounter()
    frames = f"data: {stamped_content(0)}\n\ndata: {stamped_content(1)}\n\n".encode()
    SampledStreamClient(Transport(), counter).data_received(frames)
    assert counter.frames == 2
    first, second = counter.receipts_ns
    assert first - second == 1


def test_a_stamp_that_is_cut_off_is_not_noted() -> None:
    counter = FrameCounter()
    SampledStreamClient(Transport(), counter).data_received(f"data: {stamped_content(0)}"[:-3].encode())
    assert counter.receipts_ns == []


async def test_a_waiter_goes_on_when_its_goal_is_reached_and_not_before() -> None:
    counter = FrameCounter()
    stream = StreamClient(Transport(), counter)
    near, far = (asyncio.ensure_future(counter.wait_for(frames)) for frames in (3, 4))
    await asyncio.sleep(0)
    stream.data_received(FRAMES)
    await asyncio.wait_for(near, 1)
    assert not far.done()
    stream.data_received(FRAMES)
    await asyncio.wait_for(far, 1)
    assert counter.goal == NO_GOAL


async def test_stream_that_the_server_ends_fails_its_waiting_callers() -> None:
    counter = FrameCounter()
    stream = StreamClient(Transport(), counter)
    waiter = asyncio.ensure_future(counter.wait_for(1))
    await asyncio.sleep(0)
    stream.connection_lost(None)
    with pytest.raises(StreamRefused):
        await asyncio.wait_for(waiter, 1)
    assert counter.lost == 1


async def test_a_stream_that_we_close_is_not_lost() -> None:
    counter = FrameCounter()
    stream = StreamClient(Transport(), counter)
    stream.close()
    stream.connection_lost(None)
    assert counter.lost == 0


async def test_a_stream_opens_at_its_ready_frame_and_counts_only_what_follows() -> None:
    counter, transport = FrameCounter(), Transport()
    opening = OpeningStream(b"GET", b"event: ready", counter, is_sampled=False)
    opening.connection_made(transport)
    assert transport.written == b"GET"
    opening.data_received(b"HTTP/1.1 200 OK\r\n\r\nretry: 9\n\n")
    assert not opening.opened.done()
    opening.data_received(b"id: a-7\nevent: ready\ndata: {}\n\n" + FRAMES)
    stream, first = await opening.opened
    assert transport.protocol is stream
    assert first.endswith(b"id: a-7\nevent: ready\ndata: {}\n\n")
    assert counter.frames == 3


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 401 Unauthorized\r\n\r\n",
        b'HTTP/1.1 200 OK\r\n\r\nevent: closing\ndata: {"reason":"overloaded"}\n\n',
    ],
    ids=["401", "closing"],
)
async def test_refused_stream_raises_and_aborts_its_connection(response: bytes) -> None:
    transport = Transport()
    opening = OpeningStream(b"GET", b"event: ready", FrameCounter(), is_sampled=False)
    opening.connection_made(transport)
    opening.data_received(response)
    with pytest.raises(StreamRefused):
        await opening.opened
    assert transport.is_aborted
