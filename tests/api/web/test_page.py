from __future__ import annotations

import json
import posixpath
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

import lumen_notify
from lumen_notify.api.web import DemoUser, Page, PageConfig
from lumen_notify.api.web.client_files import ClientFiles

WEB = Path(lumen_notify.__file__).with_name("web")
PAGES = ("page/index.html", "admin/index.html", "docs/docs.html")
MODULES = sorted(module for page in PAGES for module in (WEB / page).parent.glob("*.js"))

# What would make markup or code of text (https://html.spec.whatwg.org/, "injection sinks").
SINKS = re.compile(
    r"\b(innerHTML|outerHTML|insertAdjacentHTML|setHTMLUnsafe|parseHTMLUnsafe|srcdoc|eval|Function|"
    r"createContextualFragment|DOMParser|document\.write)\b"
)

IMPORT = re.compile(r'(?:\bfrom|\bimport\(?) ?"(\.{1,2}/[^"]+)"')


class Tags(HTMLParser):
    """All start tags of a document: (name, attributes)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(params=PAGES)
def tags(request: pytest.FixtureRequest) -> Tags:
    """Give the tags of each page in turn."""
    return Tags((WEB / request.param).read_text("utf-8"))


def modules_of(tags: Tags) -> set[str]:
    """Return the paths below `web/` of all modules that a page loads, directly and by another."""
    loaded: set[str] = set()
    wanted = {attributes["src"] or "" for tag, attributes in tags.found if tag == "script"}
    while wanted:
        name = wanted.pop()
        loaded.add(name)
        imported = IMPORT.findall((WEB / name).read_text("utf-8"))
        wanted |= {posixpath.normpath(posixpath.join(name, "..", path)) for path in imported} - loaded
    return loaded


def test_page_may_be_on_a_home_screen() -> None:
    links = Tags((WEB / PAGES[0]).read_text("utf-8")).found
    # An iPhone shows no SVG there (developer.apple.com, "Configuring Web Applications").
    (icon,) = (attributes["href"] for _, attributes in links if attributes.get("rel") == "apple-touch-icon")
    assert (WEB / str(icon)).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    (name,) = (attributes["href"] for tag, attributes in links if attributes.get("rel") == "manifest")
    manifest = json.loads((WEB / str(name)).read_text("utf-8"))
    # Without it, an iPhone has no push (webkit.org, "Web Push for Web Apps on iOS and iPadOS").
    assert manifest["display"] == "standalone"
    # Relative to the manifest (W3C, "Web Application Manifest"): it works below a mount, too.
    assert (manifest["start_url"], manifest["scope"]) == ("../", "../")
    assert all((WEB / "page" / icon["src"]).is_file() for icon in manifest["icons"])


def test_every_module_belongs_to_a_page() -> None:
    loaded = [modules_of(Tags((WEB / page).read_text("utf-8"))) for page in PAGES]
    assert set().union(*loaded) >= {module.relative_to(WEB).as_posix() for module in MODULES}


@pytest.fixture(params=["", "/notify"], ids=["at the root", "under a prefix"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client whose base is the page, mounted in an application."""
    application = Starlette(routes=[Mount(request.param or "/", Page())])
    base = f"http://test{request.param}/"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url=base) as client:
        yield client


async def test_root_is_the_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


async def test_the_page_of_administrators_answers_anybody(client: httpx.AsyncClient) -> None:
    answer = await client.get("admin")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["cache-control"] == "no-cache"
    with_slash = await client.get("admin/")  # what it refers to is relative to the address without it
    assert with_slash.status_code == 307
    assert str(with_slash.url.join(with_slash.headers["location"])) == f"{client.base_url}admin"


async def test_config_of_the_page_is_sent_and_not_stored() -> None:
    config = PageConfig(
        accounts=True,
        demo_users=[DemoUser(username="ann", name="Ann", password="pass word")],
        token_command="cd /srv/private && lumen-notify token alice",
        admin_token_command="cd /srv/private && lumen-notify token admin",
    )
    application = Starlette(routes=[Mount("/notify", Page(config=config))])
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost/notify/") as client:
        answer = await client.get("page/config.json")
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == {
            "accounts": True,
            "registration": False,
            "demo_users": [{"username": "ann", "name": "Ann", "password": "pass word"}],
            "token_command": "cd /srv/private && lumen-notify token alice",
            "admin_token_command": "cd /srv/private && lumen-notify token admin",
        }
        assert (await client.head("page/config.json")).status_code == 200
        assert (await client.post("page/config.json")).status_code == 405
        for host in ("127.0.0.1:8000", "[::1]:8000", "LOCALHOST"):
            answer = await client.get("page/config.json", headers={"Host": host})
            assert len(answer.json()["demo_users"]) == 1
        for host in ("evil.example:8000", "localhost.evil.example", "[", "", "10.0.0.1"):
            answer = await client.get("page/config.json", headers={"Host": host})
            assert (answer.json()["accounts"], answer.json()["demo_users"]) == (True, [])
            assert answer.json()["token_command"] == "lumen-notify token alice"
            assert "private" not in answer.text
    assert "pass word" not in repr(config)


async def test_everything_that_the_page_refers_to_is_served_with_its_type(
    client: httpx.AsyncClient, tags: Tags
) -> None:
    wanted = modules_of(tags) | {attributes["href"] for tag, attributes in tags.found if tag == "link"}
    assert {Path(path or "").suffix for path in wanted} - {".json", ".png"} == {".js", ".css", ".svg"}
    types = {
        ".js": "javascript",
        ".css": "text/css",
        ".svg": "image/svg+xml",
        ".png": "image/png",
        ".json": "application/json",
    }
    served = ClientFiles().files
    for path in wanted:
        assert path is not None
        if path.startswith("client/"):
            assert path.removeprefix("client/") in served, path
            continue
        answer = await client.get(path)
        assert answer.status_code == 200, path
        assert types[Path(path).suffix] in answer.headers["content-type"]


async def test_unchanged_file_is_not_sent_again(client: httpx.AsyncClient) -> None:
    first = await client.get("page/main.js")
    again = await client.get("page/main.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "page",
        "page/",
        "page/index.html",
        "admin/index.html",
        "admin/words",
        "client/lumen-notify.js",
        "docs/docs.html",
        "..%2fapp.py",
        "%2e%2e/app.py",
        "..%5capp.py",
        "page/main.js%00",
        "x" * 5000,
        "%ff",
    ],
)
async def test_what_is_not_the_page_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_page_is_only_read(client: httpx.AsyncClient) -> None:
    assert (await client.head("")).status_code == 200
    assert (await client.post("")).status_code == 405


def test_nothing_inline_and_nothing_absolute_in_the_page(tags: Tags) -> None:
    for tag, attributes in tags.found:
        assert tag != "style"
        assert tag != "script" or (attributes["src"] and attributes["type"] == "module")
        for name, value in attributes.items():
            assert name != "style"
            assert not name.startswith("on"), f"<{tag} {name}>"
            if name in ("src", "href", "action"):
                assert re.match(r"(\./|#?[a-z-]+(/[a-z-]+)?(\.\w+)?)\Z", value or ""), (
                    f"{value} breaks a mount under a prefix"
                )


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(WEB).as_posix())
def test_module_says_what_it_is_and_writes_text_only(module: Path) -> None:
    source = module.read_text("utf-8")
    assert re.match(r"// [A-Z]\w+: .+\.\n", source), "its first line is its row on the map"
    assert SINKS.search(source) is None


def test_every_id_that_a_module_asks_for_is_in_the_page(tags: Tags) -> None:
    ids = {attributes["id"] for _, attributes in tags.found if "id" in attributes}
    for module in modules_of(tags):
        for name in re.findall(r'(?:getElementById|byId)\("([^"]+)"\)', (WEB / module).read_text("utf-8")):
            assert name in ids, f"{module} asks for #{name}"
