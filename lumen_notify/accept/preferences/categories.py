"""Categories: their definitions. Every user may read them; `notify:admin` or a file defines them.

The file (`LUMEN_CATEGORIES`) is TOML or JSON: an object that has, for each category name, the body of `PUT`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.preferences import responses
from lumen_notify.accept.preferences.category_bodies import CategoryBody
from lumen_notify.auth import ADMIN
from lumen_notify.commit.preferences.categories import (
    Categories,
    Category,
    DefineCategories,
    DeleteCategory,
    Limits,
)
from lumen_notify.errors import Invalid, Misconfigured, NotFound
from lumen_notify.http.context import Context
from lumen_notify.http.cursors import Cursor
from lumen_notify.http.fields import SLUG_PATTERN, category_name, slug
from lumen_notify.http.operation import READS, WRITES, Operation, path, ref
from lumen_notify.http.pages import LIMIT, KeyPage
from lumen_notify.http.requests import invalid
from lumen_notify.http.responses import answer, no_content
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import value

_CATEGORY: TypeAdapter[CategoryBody] = TypeAdapter(CategoryBody)

CURSOR = Cursor("categories", SLUG_PATTERN)
"""By name."""

_NAME = path("name", ref("Category"), "The category's name.")


@value
class CategoryEndpoints:
    """Lists and defines categories."""

    context: Context
    categories: Categories

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/categories",
            GET=(
                self.page,
                Operation(
                    name="listCategories",
                    tag="preferences",
                    summary="List the defined categories",
                    description="Other categories may be used too; they have the default definition.",
                    parameters=(LIMIT, CURSOR.parameter),
                    answered="A page, by name.",
                    response=responses.Categories,
                    problems=(*READS, "invalid"),
                ),
            ),
        )
        yield route(
            "/categories/{name}",
            PUT=(
                self.put,
                Operation(
                    name="defineCategory",
                    tag="preferences",
                    summary="Define a category",
                    description=(
                        f"Needs the scope `{ADMIN}`. It replaces the previous definition. If users now see "
                        "more or fewer notifications, open streams are closed so that clients reconnect."
                    ),
                    parameters=(_NAME,),
                    body=CategoryBody,
                    body_examples={"quiet": {"value": {"push": False, "priority": "low"}}},
                    answered="The category after the change.",
                    response=responses.DefinedCategory,
                    problems=(*WRITES, "forbidden"),
                ),
            ),
            DELETE=(
                self.delete,
                Operation(
                    name="deleteCategory",
                    tag="preferences",
                    summary="Delete the definition of a category",
                    description=f"Needs the scope `{ADMIN}`. The preferences of users stay.",
                    parameters=(_NAME,),
                    status=204,
                    answered="The category has the default definition.",
                    problems=(*WRITES, "invalid", "forbidden", "not_found"),
                ),
            ),
        )

    async def page(self, request: Request) -> Response:
        """Answer `GET /categories`: by name."""
        await self.context.caller(request)
        page = KeyPage(request, CURSOR, _name_of)
        return page.answer_all((await self.categories.fetch()).values(), Category.as_fields)

    async def put(self, request: Request) -> Response:
        """Answer `PUT /categories/{name}`: replace the definition."""
        principal = await self.context.admin(request)
        body = await self.context.body(request, _CATEGORY)
        category = _category(_name(request, category_name), body)
        await self.context.committer.submit(DefineCategories(categories=(category,), admin=principal.user_id))
        return answer(category.as_fields())

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /categories/{name}`. Raises NotFound."""
        principal = await self.context.admin(request)
        name = _name(request)
        if not await self.context.committer.submit(DeleteCategory(name=name, admin=principal.user_id)):
            raise NotFound("No category of this name is defined.")
        return no_content()


def defined_in(path: Path) -> tuple[Category, ...]:
    """Read the definitions in a file. Raises Misconfigured with all of its problems."""
    try:
        text = path.read_text("utf-8-sig")
        found = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise _misconfigured(f"cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise _misconfigured(
            f"is not valid {'JSON' if path.suffix == '.json' else 'TOML'}: {error}"
        ) from None
    if not isinstance(found, dict):
        raise _misconfigured("must be an object with the definition of each category by its name")
    categories: list[Category] = []
    problems: list[str] = []
    for name, fields in found.items():
        try:
            categories.append(_category(category_name(name), _CATEGORY.validate_python(fields)))
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
        push_content=body.push_content,
    )


def _name(request: Request, check: Callable[[str], str] = slug) -> str:
    try:
        return check(request.path_params["name"])
    except ValueError as error:
        raise Invalid(str(error), field="name") from None


def _name_of(category: Category) -> str:
    return category.name
