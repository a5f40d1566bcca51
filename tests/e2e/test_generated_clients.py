"""Clients made from the documents by generators: each has every operation or frame, compiles strictly, and
works.

Not here: what the documents say (`api/openapi`, `api/asyncapi`), and the client that the package has
(`client/`).
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from clients import SECRET, token
from conftest import StartServer
from documents import operations
from lumen_notify.auth import PUBLISH
from programs import NODE, PYTHON, from_npm, from_pypi, installed, program
from servers import RunningServer

TESTS = Path(__file__).parents[1]
GENERATORS = TESTS / "generators"

COMMAND_SECONDS = 240
"""For a machine that is busy: each takes at most twenty."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2 * COMMAND_SECONDS)]

RESULT = [1, ["hi"], 0, 1, "forbidden"]
"""What each program prints: recipients, contents, unread count, the message's seq, the code of a refusal."""


async def run(*command: str, folder: Path) -> str:
    """Run a command in a folder, with the programs of the generators on its path; return what it prints."""
    environ = os.environ | {
        "PATH": f"{PYTHON}:{os.environ['PATH']}",
        "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
        "REDOCLY_TELEMETRY": "off",
        "NO_COLOR": "1",
        "no_proxy": "*",
    }
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=environ, stdout=PIPE, stderr=PIPE
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), COMMAND_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, f"{command}: {output.decode()}{errors.decode()}"
    return output.decode() if command[-1] == "--format=json" else (errors + output).decode()


class Site:
    """A server, and its documents in a folder. document: that of OpenAPI; streams: that of AsyncAPI."""

    def __init__(self, server: RunningServer, folder: Path) -> None:
        self.folder = folder
        for name in ("openapi.json", "asyncapi.json"):
            text = httpx.get(f"{server.url}/{name}", trust_env=False, timeout=60).text
            (folder / name).write_text(text, "utf-8")
        self.document: Any = json.loads((folder / "openapi.json").read_text("utf-8"))
        self.streams: Any = json.loads((folder / "asyncapi.json").read_text("utf-8"))
        self.arguments = (server.url, token("app", PUBLISH), token("alice"))

    def names(self) -> Iterator[str]:
        """Yield the name of each operation."""
        for _, _, operation in operations(self.document):
            yield operation["operationId"]


@pytest.fixture
def site(start_server: StartServer, sqlite_url: str, tmp_path: Path) -> Site:
    server = start_server(database_url=sqlite_url, LUMEN_JWT_SECRET=SECRET, LUMEN_ACCOUNTS="on")
    return Site(server, tmp_path)


async def check_types(folder: Path, *paths: str) -> None:
    """Run mypy on modules, with the packages of the generators."""
    arguments = ("--strict", "--no-incremental", "--python-executable", str(PYTHON / "python"))
    await run(sys.executable, "-m", "mypy", "--config-file=", *arguments, *paths, folder=folder)


async def test_openapi_typescript_makes_types_with_which_a_client_publishes(site: Site) -> None:
    generator = from_npm("openapi-typescript")
    (site.folder / "node_modules").symlink_to(NODE)
    (site.folder / "package.json").write_text('{"type": "module"}')
    (site.folder / "publish.ts").write_text((GENERATORS / "publish.ts").read_text("utf-8"), "utf-8")

    output = await run(*generator, "openapi.json", "--output", "lumen.d.ts", folder=site.folder)
    assert len(output.split("\n\n")) <= 2, output
    types = (site.folder / "lumen.d.ts").read_text("utf-8")
    assert set(
        re.findall(r"^    (\w+): {$", types.partition("interface operations")[2], re.MULTILINE)
    ) == set(site.names())

    options = ("--strict", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom")
    assert await run(*from_npm("tsc"), *options, "publish.ts", folder=site.folder) == ""
    result = await run(program("node"), "publish.js", *site.arguments, folder=site.folder)
    assert json.loads(result) == RESULT


async def test_openapi_typescript_makes_types_of_the_frames_of_a_stream(site: Site) -> None:
    generator = from_npm("openapi-typescript")
    (site.folder / "node_modules").symlink_to(NODE)
    (site.folder / "package.json").write_text('{"type": "module"}')
    (site.folder / "follow.ts").write_text((GENERATORS / "follow.ts").read_text("utf-8"), "utf-8")
    # It reads JSON schemas as OpenAPI has them, which those of AsyncAPI are as well.
    wrapped = {
        "openapi": "3.1.1",
        "info": site.streams["info"],
        "paths": {},
        "components": {"schemas": site.streams["components"]["schemas"]},
    }
    (site.folder / "frames.json").write_text(json.dumps(wrapped), "utf-8")
    await run(*generator, "frames.json", "--output", "frames.d.ts", folder=site.folder)
    types = (site.folder / "frames.d.ts").read_text("utf-8")
    for name in site.streams["components"]["schemas"]:
        assert re.search(rf"^        {name}: ", types, re.MULTILINE), name

    options = ("--strict", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom")
    assert await run(*from_npm("tsc"), *options, "follow.ts", folder=site.folder) == ""
    result = await run(program("node"), "follow.js", *site.arguments, folder=site.folder)
    assert json.loads(result) == [0, [], 1, "hi", "app"]


async def test_openapi_python_client_makes_a_client_that_publishes(site: Site) -> None:
    # It knows no lines of JSON: docs/api/service.md says so.
    (site.folder / "config.yaml").write_text("content_type_overrides: {application/jsonl: text/plain}\n")
    options = ("--path", "openapi.json", "--config", "config.yaml", "--output-path", "client")
    output = await run(*from_pypi("openapi-python-client"), "generate", *options, folder=site.folder)
    assert output.strip() == "Generating client"
    modules = {path.stem for path in site.folder.glob("client/lumen_notify_client/api/*/*.py")} - {"__init__"}
    assert {name.replace("_", "") for name in modules} == {name.lower() for name in site.names()}

    script = site.folder / "client" / "publish.py"
    script.write_text((GENERATORS / "publish_with_client.py").read_text("utf-8"), "utf-8")
    await check_types(script.parent, "publish.py", "lumen_notify_client")
    result = await run(str(PYTHON / "python"), "publish.py", *site.arguments, folder=script.parent)
    assert json.loads(result) == RESULT


async def test_datamodel_code_generator_makes_models_that_publish(site: Site) -> None:
    generator = (*from_pypi("datamodel-codegen"), "--input", "openapi.json", "--input-file-type", "openapi")
    options = ("--output-model-type", "pydantic_v2.BaseModel", "--use-annotated", "--formatters", "builtin")
    output = await run(*generator, *options, "--output", "lumen_models.py", folder=site.folder)
    assert output == ""
    models = (site.folder / "lumen_models.py").read_text("utf-8")
    for name in site.document["components"]["schemas"]:
        assert re.search(rf"^(class )?{name}\b", models, re.MULTILINE), name

    script = site.folder / "publish.py"
    script.write_text((GENERATORS / "publish_with_models.py").read_text("utf-8"), "utf-8")
    await check_types(site.folder, "publish.py", "lumen_models.py")
    result = await run(str(PYTHON / "python"), "publish.py", *site.arguments, folder=site.folder)
    assert json.loads(result) == RESULT


async def test_redocly_finds_nothing_in_the_documents(site: Site) -> None:
    for name in ("openapi.json", "asyncapi.json"):
        command = (*from_npm("redocly"), "lint", name, "--extends=recommended", "--format=json")
        assert json.loads(await run(*command, folder=site.folder))["problems"] == [], name


HINTS = {"asyncapi-latest-version"}
"""What the validator says of every document of AsyncAPI 3.0.0: that 3.1.0 exists, which few tools read."""


async def test_validator_of_asyncapi_finds_nothing_in_the_document(site: Site) -> None:
    (site.folder / "node_modules").symlink_to(installed(NODE, "npm ci --prefix tests/node"))
    (site.folder / "validate.mjs").write_text((NODE.parent / "validate-asyncapi.mjs").read_text("utf-8"))
    output = await run(program("node"), "validate.mjs", "asyncapi.json", folder=site.folder)
    found = [json.loads(line) for line in output.splitlines()]
    assert [one for one in found if one[0] not in HINTS] == []

    del site.streams["channels"]["stream"]["address"], site.streams["info"]["version"]
    (site.folder / "broken.json").write_text(json.dumps(site.streams), "utf-8")
    with pytest.raises(AssertionError, match="version"):
        await run(program("node"), "validate.mjs", "broken.json", folder=site.folder)


async def test_document_is_valid_openapi(site: Site) -> None:
    command = (*from_pypi("openapi-spec-validator"), "openapi.json")
    assert (await run(*command, folder=site.folder)).strip() == "openapi.json: OK"
