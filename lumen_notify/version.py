"""Version: that of this package; pyproject.toml reads it too.

Not from the metadata of the installed package, for `make run` installs none.
"""

__version__ = "0.1.0"
