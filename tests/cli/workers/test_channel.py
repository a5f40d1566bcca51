"""Channel: messages between two processes, and the end of one."""

from __future__ import annotations

import socket

from lumen_notify.cli.workers.channel import Channel


async def test_messages_arrive_whole_and_in_order_until_the_other_end_closes() -> None:
    pair = socket.socketpair()
    for one in pair:
        one.setblocking(False)
    ours, theirs = [await Channel.open(one) for one in pair]
    large = "x" * 1_000_000
    ours.send("ready", url="http://here")
    ours.send("metrics", id=None, lumens=[large])
    assert await theirs.receive() == {"kind": "ready", "url": "http://here"}
    assert await theirs.receive() == {"kind": "metrics", "id": None, "lumens": [large]}
    await ours.close()
    assert await theirs.receive() is None
    theirs.send("drain", is_replaced=False)
    await theirs.close()
    theirs.send("drain", is_replaced=False)


async def test_half_a_message_is_the_end() -> None:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    channel = await Channel.open(theirs)
    ours.sendall(b'{"kind": "rea')
    ours.close()
    assert await channel.receive() is None
    await channel.close()
