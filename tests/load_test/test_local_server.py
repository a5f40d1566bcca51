from pathlib import Path

import pytest

from lumen_notify.load_test.load import Load
from lumen_notify.load_test.local_server import run_local_server


@pytest.mark.server
@pytest.mark.slow
async def test_a_local_server_accepts_its_protocol_and_keeps_the_given_folder(tmp_path: Path) -> None:
    async with run_local_server(None, tmp_path) as server:
        load = Load(server.protocol(streams_per_user=2))
        await load.open(4)
        throughput = await load.measure_throughput(publishers=1, seconds=30, publishes=2)
        assert throughput.deliveries == 8
        load.close()
        assert server.secret not in repr(server)
    assert server.process.has_ended
    assert server.database == tmp_path / "bench.db"
    assert server.database.exists()
