"""Main: `python -m lumen_notify` is `lumen-notify`."""

from lumen_notify.cli import main

main()
