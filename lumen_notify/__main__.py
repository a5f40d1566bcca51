"""Main: `python -m lumen_notify` is the same as `lumen-notify`."""

from lumen_notify.cli import main

main()
