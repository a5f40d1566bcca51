"""Operations of categories, and of what each user wants of them."""

from __future__ import annotations

from lumen_notify.api.openapi.operation import Operation, path
from lumen_notify.api.openapi.operations.shared import READS, WRITES
from lumen_notify.api.openapi.schema import ref
from lumen_notify.auth import ADMIN as ADMIN_SCOPE

_NAME = path("name", ref("Category"), "The category's name.")

CATEGORIES = Operation(
    name="listCategories",
    tag="preferences",
    summary="List the categories that are defined",
    description="Others may be published too; they are like one defined without a word.",
    answered="All of them, by name.",
    answer=ref("Categories"),
    problems=(*READS, "invalid"),
)

DEFINE = Operation(
    name="defineCategory",
    tag="preferences",
    summary="Define a category, whole",
    description=(
        f"With the scope `{ADMIN_SCOPE}`. If users now see more or less of it, open streams are closed for "
        "their clients to come back."
    ),
    parameters=(_NAME,),
    body=ref("CategoryBody"),
    body_examples={"quiet": {"value": {"push": False, "priority": "low"}}},
    answered="The category as it is now.",
    answer=ref("DefinedCategory"),
    problems=(*WRITES, "forbidden"),
)

UNDEFINE = Operation(
    name="undefineCategory",
    tag="preferences",
    summary="Forget what is defined of a category",
    description=f"With the scope `{ADMIN_SCOPE}`. What users have chosen stays.",
    parameters=(_NAME,),
    answered="It is like one that was never defined.",
    answer=ref("Undefined"),
    problems=(*WRITES, "invalid", "forbidden", "not_found"),
)

GET = Operation(
    name="getPreferences",
    tag="preferences",
    summary="Get the caller's preferences",
    answered="What holds for him, of each category that is defined or that he has chosen something about.",
    answer=ref("Preferences"),
    problems=(*READS, "invalid"),
)

PUT = Operation(
    name="putPreferences",
    tag="preferences",
    summary="Change some of the caller's preferences",
    description="What is left out stays; null takes a choice back. The caller's open streams are told.",
    body=ref("PreferencesBody"),
    body_examples={
        "mute": {"value": {"categories": {"like": {"muted": True}}}},
        "quiet": {
            "value": {
                "quiet_hours": {"from": "22:30", "to": "07:00", "time_zone": "Europe/Paris"},
                "digest": {"minutes": 30},
            }
        },
    },
    answered="All of them, as they are now.",
    answer=ref("Preferences"),
    problems=WRITES,
)
