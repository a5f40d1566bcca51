"""Categories: which there are, for everybody to read; defined with `notify:admin`, or by a file.

The file (`LUMEN_CATEGORIES`) is TOML or JSON: by the name of each category what `PUT` would take.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.preferences.category_bodies import CategoryBody
from lumen_notify.auth import ADMIN, Verifier
from lumen_notify.commit.committer import Committer
from lumen_notify.commit.preferences.categories import (
    Categories,
    Category,
    DefineCategories,
    DeleteCategory,
    Limits,
)
from lumen_notify.errors import Invalid, Misconfigured, NotFound
from lumen_notify.http.fields import slug
from lumen_notify.http.requests import Query, caller, invalid, parse, read_body
from lumen_notify.http.responses import answer
from lumen_notify.model import value

_CATEGORY: TypeAdapter[CategoryBody] = TypeAdapter(CategoryBody)


@value
class CategoryEndpoints:
    """What there is to choose from."""

    verifier: Verifier
    committer: Committer
    categories: Categories
    max_body_bytes: int

    async def page(self, request: Request) -> Response:
        """Answer `GET /categories`: all, by name."""
        await caller(request, self.verifier)
        Query(request).done()
        items = [one.as_fields() for one in (await self.categories.fetch()).values()]
        return answer({"items": items, "next_cursor": None})

    async def put(self, request: Request) -> Response:
        """Answer `PUT /categories/{name}`: define it, whole."""
        principal = await caller(request, self.verifier)
        principal.require(ADMIN)
        body = parse(_CATEGORY, await read_body(request, self.max_body_bytes))
        category = _category(_name(request), body)
        await self.committer.submit(DefineCategories(categories=(category,)))
        return answer(category.as_fields())

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /categories/{name}`. Raises NotFound."""
        principal = await caller(request, self.verifier)
        principal.require(ADMIN)
        name = _name(request)
        if not await self.committer.submit(DeleteCategory(name=name)):
            raise NotFound("no category of this name is defined")
        return answer({"name": name, "status": "removed"})


def defined_in(path: Path) -> tuple[Category, ...]:
    """Read the definitions of a file. Raises Misconfigured with all that is wrong with it."""
    try:
        text = path.read_text("utf-8")
        found = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise _misconfigured(f"cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise _misconfigured(f"is no {'JSON' if path.suffix == '.json' else 'TOML'}: {error}") from None
    if not isinstance(found, dict):
        raise _misconfigured("must be an object: a category by each name")
    categories: list[Category] = []
    problems: list[str] = []
    for name, fields in found.items():
        try:
            categories.append(_category(slug(name), _CATEGORY.validate_python(fields)))
        except ValidationError as error:
            problems += [f"{name}.{fault.field}: {fault.message}" for fault in invalid(error).faults]
        except ValueError as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise Misconfigured([("LUMEN_CATEGORIES", problem) for problem in problems])
    return tuple(categories)


def _misconfigured(problem: str) -> Misconfigured:
    return Misconfigured([("LUMEN_CATEGORIES", problem)])


def _category(name: str, body: CategoryBody) -> Category:
    limits = body.limits
    return Category(
        name=name,
        in_app=body.in_app,
        push=body.push,
        may_mute=body.may_mute,
        priority=body.priority,
        limits=None if limits is None else Limits(per_recipient=limits.per_recipient, over=limits.over),
    )


def _name(request: Request) -> str:
    try:
        return slug(request.path_params["name"])
    except ValueError as error:
        raise Invalid(str(error), field="name") from None
