"""Checks: what `lumen-notify check` tries and looks at."""
