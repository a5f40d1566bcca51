"""The npm package `lumen-notify`, `web/client/`: it is whole, typed, small, and depends on nothing."""

from __future__ import annotations

import gzip
import json
import posixpath
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

import lumen_notify
from lumen_notify.version import __version__
from programs import from_npm, program

FOLDER = Path(lumen_notify.__file__).parent / "web" / "client"
PACKAGE = json.loads((FOLDER / "package.json").read_text("utf-8"))

MODULES = {path.relative_to(FOLDER).as_posix(): path.read_text("utf-8") for path in FOLDER.rglob("*.js")}
WORDS = sorted(name for name in MODULES if name.startswith("words/"))
TYPED = sorted(path.name.removesuffix(".d.ts") for path in FOLDER.glob("*.d.ts"))

MAX_GZIPPED_BYTES = 12 * 1024
MAX_SECONDS = 120

_STATIC = re.compile(r"""^(?:import\b[^;"'(]*|export (?:\{[^}]*\}|\*) from )["']([^"']+)["']""", re.MULTILINE)
_DYNAMIC = re.compile(r"\bimport\(\s*[\"'`]([^\"'`]*)[\"'`]")
_NAME = re.compile(r"^export (?:declare )?(?:async )?(?:class|function|const|let) (\w+)", re.MULTILINE)
_LIST = re.compile(r"^export \{([^}]*)\}", re.MULTILINE)
_PREFIXED = re.compile(r"[\"'`]((?:bell|chat|page)_[a-z0-9_]+)[\"'`]")
_TRANSLATED = re.compile(r"\bt\(\s*\"([a-z0-9_]+)\"")
_ENTRY = re.compile(r"^  (?:\"([\w-]+)\"|([\w-]+)):", re.MULTILINE)


def imports_of(name: str) -> set[str]:
    """Return what a module imports, statically and on demand, as it is written."""
    return {*_STATIC.findall(MODULES[name]), *_DYNAMIC.findall(MODULES[name])}


def loaded_with(name: str) -> set[str]:
    """Return the modules that a browser loads with one, itself included, without those on demand."""
    loaded: set[str] = set()
    wanted = {name}
    while wanted:
        one = wanted.pop()
        loaded.add(one)
        folder = posixpath.dirname(one)
        found = {posixpath.normpath(posixpath.join(folder, path)) for path in _STATIC.findall(MODULES[one])}
        wanted |= found - loaded
    return loaded


def exported_by(text: str) -> set[str]:
    listed = (name.split(" as ")[-1].strip() for names in _LIST.findall(text) for name in names.split(","))
    return {*_NAME.findall(text), *filter(None, listed)}


def keys_of(name: str) -> list[str]:
    return [quoted or plain for quoted, plain in _ENTRY.findall(MODULES[name])]


def plurals(keys: list[str]) -> set[str]:
    """Return the keys with a form for one and a form for others."""
    singular = (key.removesuffix("_one") for key in keys if key.endswith("_one"))
    return {key for key in singular if f"{key}_other" in keys}


def gzipped_bytes(*names: str) -> int:
    return sum(len(gzip.compress(MODULES[name].encode(), mtime=0)) for name in names)


def test_client_and_bell_are_small() -> None:
    assert 1000 < gzipped_bytes("lumen-notify.js") < MAX_GZIPPED_BYTES
    shared = {"lumen-notify.js", "lumen-theme.js"}
    bell = loaded_with("lumen-bell.js") - shared
    assert "lumen-bell.js" in bell
    assert 1000 < gzipped_bytes(*bell) < MAX_GZIPPED_BYTES


def test_the_client_is_one_file_and_loads_push_on_demand_alone() -> None:
    assert loaded_with("lumen-notify.js") == {"lumen-notify.js"}
    assert imports_of("lumen-notify.js") == {"./lumen-push.js"}


def test_the_service_worker_is_one_file() -> None:
    assert imports_of("lumen-push-worker.js") == set()
    assert "importScripts(" not in MODULES["lumen-push-worker.js"]


@pytest.mark.parametrize("name", sorted(MODULES))
def test_each_import_is_a_file_of_the_package(name: str) -> None:
    for path in imports_of(name):
        assert path.startswith(("./", "../")), path
        resolved = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        assert not resolved.startswith(".."), path
        pattern = re.sub(r"\\\$\\{.*?\\}", "[^/]+", re.escape(resolved))
        assert any(re.fullmatch(pattern, module) for module in MODULES), path
    assert "require(" not in MODULES[name]


@pytest.mark.parametrize("name", TYPED)
def test_types_and_module_export_the_same_names(name: str) -> None:
    types = (FOLDER / f"{name}.d.ts").read_text("utf-8")
    assert exported_by(types) == exported_by(MODULES[f"{name}.js"])


def test_package_has_the_version_of_the_server_and_names_each_typed_module() -> None:
    assert PACKAGE["version"] == __version__
    for entry in PACKAGE["exports"].values():
        assert entry["default"].removesuffix(".js") == entry["types"].removesuffix(".d.ts")
        assert (FOLDER / entry["default"]).is_file()
        assert (FOLDER / entry["types"]).is_file()


@pytest.mark.parametrize("name", WORDS)
def test_each_language_has_the_same_words_in_order(name: str) -> None:
    english, keys = keys_of("words/en.js"), keys_of(name)
    assert keys == sorted(keys)
    assert len(keys) == len(set(keys)) > 20
    # A language without a form for one, such as Chinese, may leave it out (Unicode CLDR, "Plural Rules").
    singular = {f"{plural}_one" for plural in plurals(english)}
    assert [key for key in keys if key not in singular] == [key for key in english if key not in singular]


def test_there_are_three_languages() -> None:
    assert [Path(name).stem for name in WORDS] == ["en", "zh-Hans", "zh-Hant"]


def test_each_word_that_a_module_uses_exists() -> None:
    keys = keys_of("words/en.js")
    known = {*keys, *plurals(keys)}
    page = {path.name: path.read_text("utf-8") for path in FOLDER.with_name("page").glob("*.js")}
    used = 0
    for name, text in {**MODULES, **page}.items():
        if name not in WORDS:
            found = {*_PREFIXED.findall(text), *_TRANSLATED.findall(text)}
            assert found <= known, f"{name}: {found - known}"
            used += len(found)
    assert used > 20


@pytest.mark.server
def test_npm_takes_the_package_as_it_is(tmp_path: Path) -> None:
    command = [program("npm"), "pack", "--dry-run", "--json", "--offline", f"--cache={tmp_path}"]
    done = subprocess.run(
        command, cwd=FOLDER, capture_output=True, text=True, timeout=MAX_SECONDS, check=True
    )
    (packed,) = json.loads(done.stdout)
    assert (packed["name"], packed["version"]) == ("lumen-notify", __version__)
    taken = {one["path"] for one in packed["files"]}
    there = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}
    assert taken == there


PROGRAM = """
import { LumenNotify, Problem, backoff, type PageRule, type UnreadDetail } from "lumen-notify";
import { Conversation, Inbox, Rooms } from "lumen-notify/store";
import { LumenBell } from "lumen-notify/bell";
import { needsHomeScreen, type Device, type PushState } from "lumen-notify/push";
import { addWords, theme, wordsFor } from "lumen-notify/theme";

const pages: PageRule[] = [{ path: "/**", features: ["messaging"] }];
const client = new LumenNotify({ getToken: async () => "token", pages });
client.addEventListener("unread", (event) => {
  const detail = (event as CustomEvent<UnreadDetail>).detail;
  document.title = String(detail.unread_count.toFixed(0));
});
await client.start();
const device: Device = await client.enablePush({ kind: "mobile", serviceWorker: "/worker.js" });
const push: PushState = await client.pushState();
console.log(device.id, push === "on", needsHomeScreen(), (await client.devices()).items[0]?.name);
const state: "connecting" | "open" | "waiting" | "closed" = client.state;
const inbox = new Inbox(client, { unread: true });
const titles: (string | undefined)[] = inbox.items.map((item) => item.title);
const rooms = new Rooms(client);
const unread: number[] = rooms.items.map((room) => room.unread);
const message = await new Conversation(client, "tea").send("Hello");
if (message.problem instanceof Problem) console.log(message.status, message.problem.retryAfter);
const bell: LumenBell = document.createElement("lumen-bell");
bell.client = client;
addWords("de", { bell_all: "Alle" });
const translate = await wordsFor("de");
const text: string = translate("bell_all", { count: 3 });
document.adoptedStyleSheets = [theme];
console.log(state, titles, unread, text, backoff(1));
// @ts-expect-error: a token is needed
new LumenNotify({});
"""


@pytest.mark.server
@pytest.mark.slow
def test_typescript_takes_a_program_that_uses_each_module(tmp_path: Path) -> None:
    tsc = from_npm("tsc")
    modules = tmp_path / "node_modules"
    modules.mkdir()
    (modules / "lumen-notify").symlink_to(FOLDER, target_is_directory=True)
    (tmp_path / "program.ts").write_text(PROGRAM, "utf-8")
    options: dict[str, Any] = {
        "strict": True,
        "noEmit": True,
        "skipLibCheck": False,
        "target": "es2022",
        "module": "esnext",
        "moduleResolution": "bundler",
        "lib": ["es2022", "dom", "dom.iterable"],
        "types": [],
    }
    sources = ["program.ts", *(str(path) for path in FOLDER.glob("*.d.ts"))]
    config = {"compilerOptions": options, "files": sources}
    (tmp_path / "tsconfig.json").write_text(json.dumps(config), "utf-8")
    done = subprocess.run(
        [*tsc, "--project", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=MAX_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
