"""Settings: how the server is set up, by environment variables or by hand.

settings   one object that holds them all, read from the environment
table      which there are
checks     how their text is read, and what may be wrong with a value
rate       so many in such a time
secret     what no log line may show
"""

from lumen_notify.settings.rate import Rate
from lumen_notify.settings.secret import MIN_SECRET_BYTES, Secret, masked_url
from lumen_notify.settings.settings import Settings, variable

__all__ = ["MIN_SECRET_BYTES", "Rate", "Secret", "Settings", "masked_url", "variable"]
