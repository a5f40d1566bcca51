"""Web: what browsers load besides the API.

page           the pages at `/` and `/admin`, and the API reference at `/docs`
page_config    what the page must know of the server before anyone is signed in
client_files   the browser's modules at `/client/`, for pages of any origin

Not here: the files themselves (`lumen_notify/web/`).
"""

from lumen_notify.api.web.client_files import ClientFiles
from lumen_notify.api.web.page import DocsEndpoint, Page
from lumen_notify.api.web.page_config import DemoUser, PageConfig

__all__ = ["ClientFiles", "DemoUser", "DocsEndpoint", "Page", "PageConfig"]
