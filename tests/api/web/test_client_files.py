"""Client files: types, caches, compression and other origins, at the root and below a mount."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from lumen_notify.api.web import ClientFiles
from lumen_notify.api.web.client_files import FOLDER, SERVICE_WORKER, TYPES
from lumen_notify.version import __version__

SOURCE = "export const answer = 42; // the same for everybody\n" * 100

CACHED_FOR_EVER = "public, max-age=31536000, immutable"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with a long and a short module, and what is no module."""
    (tmp_path / "words").mkdir()
    (tmp_path / "lumen.js").write_text(SOURCE, "utf-8")
    (tmp_path / "lumen.d.ts").write_text("export const answer: number;\n", "utf-8")
    (tmp_path / "package.json").write_text("{}", "utf-8")
    (tmp_path / "words" / "en.js").write_text("export default {};\n", "utf-8")
    (tmp_path / "notes.txt").write_text("of nobody's concern", "utf-8")
    return tmp_path


@pytest.fixture(params=["", "/notify"], ids=["at the root", "below a mount"])
async def client(request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client whose base is `/client/`. It asks for no compression."""
    application = Starlette(routes=[Mount(f"{request.param}/client", ClientFiles(folder))])
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(application),
        base_url=f"http://test{request.param}/client/",
        headers={"Accept-Encoding": "identity"},
    ) as client:
        yield client


async def hash_of(client: httpx.AsyncClient) -> str:
    version = (await client.get("version.json")).json()
    assert version == {"version": __version__, "hash": version["hash"]}
    return str(version["hash"])


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("lumen.js", "text/javascript; charset=utf-8"),
        ("words/en.js", "text/javascript; charset=utf-8"),
        ("lumen.d.ts", "application/typescript; charset=utf-8"),
        ("package.json", "application/json"),
        ("version.json", "application/json"),
    ],
)
async def test_each_file_has_its_type_and_may_be_loaded_by_any_page(
    client: httpx.AsyncClient, folder: Path, name: str, media_type: str
) -> None:
    answer = await client.get(name, headers={"Origin": "https://app.example"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["vary"] == "Accept-Encoding"
    if name != "version.json":
        assert answer.content == (folder / name).read_bytes()
    head = await client.head(name)
    assert (head.status_code, head.headers["etag"]) == (200, answer.headers["etag"])


async def test_unchanged_file_is_not_sent_again(client: httpx.AsyncClient) -> None:
    for encoding in ("identity", "gzip"):
        first = await client.get("lumen.js", headers={"Accept-Encoding": encoding})
        for known in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
            headers = {"Accept-Encoding": encoding, "If-None-Match": known}
            again = await client.get("lumen.js", headers=headers)
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["cache-control"] == "no-cache"
            assert again.headers["etag"] == first.headers["etag"]
            assert "content-type" not in again.headers


async def test_compressed_file_has_an_etag_of_its_own(client: httpx.AsyncClient) -> None:
    first = await client.get("lumen.js", headers={"Accept-Encoding": "gzip"})
    plain = await client.get("lumen.js", headers={"If-None-Match": first.headers["etag"]})
    assert plain.status_code == 200


@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5, *;q=0.1", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, identity", False),
        ("gzip;q=0.001", True),
        ("br", False),
        ("x-gzip-not", False),
        ("", False),
    ],
)
async def test_long_file_is_compressed_if_the_client_takes_it(
    client: httpx.AsyncClient, accepted: str, *, is_compressed: bool
) -> None:
    async with client.stream("GET", "lumen.js", headers={"Accept-Encoding": accepted}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert (answer.headers.get("content-encoding") == "gzip") is is_compressed
    assert int(answer.headers["content-length"]) == len(raw)
    assert (gzip.decompress(raw) if is_compressed else raw) == SOURCE.encode()
    assert len(raw) < 500 or not is_compressed


async def test_short_file_is_sent_as_it_is(client: httpx.AsyncClient) -> None:
    answer = await client.get("words/en.js", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers


async def test_files_below_the_hash_are_kept_for_ever(client: httpx.AsyncClient) -> None:
    hashed = await hash_of(client)
    for name in ("lumen.js", "words/en.js", "lumen.d.ts", "package.json"):
        answer = await client.get(f"{hashed}/{name}")
        assert (answer.status_code, answer.headers["cache-control"]) == (200, CACHED_FOR_EVER)
        assert answer.content == (await client.get(name)).content
    assert (await client.get(f"{hashed}/version.json")).status_code == 404


async def test_files_of_another_hash_are_redirected_to_those_of_today(client: httpx.AsyncClient) -> None:
    for name in ("lumen.js", "words/en.js"):
        answer = await client.get(f"{'0' * 16}/{name}")
        assert answer.status_code == 307
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["access-control-allow-origin"] == "*"
        location = answer.headers["location"]
        assert (await client.get(answer.url.join(location))).content == (await client.get(name)).content
        # As a browser resolves it behind a proxy that strips another prefix.
        outside = httpx.URL(f"https://app.example/outside/client/{'0' * 16}/{name}")
        assert outside.join(location) == f"https://app.example/outside/client/{name}"
    assert (await client.get(f"{'0' * 16}/nothing.js")).status_code == 404


async def test_hash_is_that_of_all_files(folder: Path) -> None:
    before = ClientFiles(folder)
    first = before.hash
    assert ClientFiles(folder).hash == first
    (folder / "words" / "en.js").write_text("export default {};", "utf-8")
    assert ClientFiles(folder).hash != first
    assert before.hash == first
    (folder / "words" / "en.js").write_text("export default {};\n", "utf-8")
    (folder / "words" / "en.js").rename(folder / "words" / "fr.js")
    assert ClientFiles(folder).hash != first


async def test_running_server_serves_one_version(client: httpx.AsyncClient, folder: Path) -> None:
    hashed = await hash_of(client)
    (folder / "lumen.js").write_text("export const answer = 43;", "utf-8")
    (folder / "words" / "en.js").unlink()
    assert (await client.get(f"{hashed}/lumen.js")).text == SOURCE
    assert (await client.get("words/en.js")).status_code == 200


@pytest.mark.parametrize(
    "path", ["", "nothing.js", "notes.txt", "words", "words/", "..%2fpage%2fmain.js", "%2e%2e/page/main.js"]
)
async def test_other_files_are_not_found(client: httpx.AsyncClient, path: str) -> None:
    await client.get("lumen.js")
    assert (await client.get(path)).status_code == 404


async def test_files_are_only_read(client: httpx.AsyncClient) -> None:
    answer = await client.post("lumen.js")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_service_worker_may_have_any_scope_of_its_origin(
    client: httpx.AsyncClient, folder: Path
) -> None:
    (folder / SERVICE_WORKER).write_text("addEventListener('push', show);", "utf-8")
    for name in (SERVICE_WORKER, f"{await hash_of(client)}/{SERVICE_WORKER}"):
        assert (await client.get(name)).headers["service-worker-allowed"] == "/"
    assert "service-worker-allowed" not in (await client.get("lumen.js")).headers
    assert SERVICE_WORKER in ClientFiles().files


def test_all_files_of_the_package_are_served() -> None:
    there = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}
    assert {name for name in there if name.endswith(tuple(TYPES))} == set(ClientFiles().files)
    assert there == set(ClientFiles().files), "the server sends no file of another type"
