"""The comparison: this server beside a bare protocol, a plain application and nchan. `make bench` runs it."""

import sys
from pathlib import Path

# Its PostgreSQL is the one of the tests (`tests/servers.py`), which they too import by its bare name.
sys.path.append(str(Path(__file__).parent.parent / "tests"))
