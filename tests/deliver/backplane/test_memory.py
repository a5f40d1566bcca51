from __future__ import annotations

from lumen_notify.deliver.backplane.backplane import Backplane
from lumen_notify.deliver.backplane.memory import MemoryBackplane


async def test_it_has_nothing_to_keep_connected() -> None:
    backplane: Backplane = MemoryBackplane()
    backplane.announce([], None)
    backplane.send("typing", {})
    await backplane.run()
