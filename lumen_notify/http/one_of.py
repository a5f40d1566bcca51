"""One of: bodies with several forms, of which each request has exactly one.

The JSON schema of such a body is `oneOf` closed objects, each with a name, so that generated clients have a
type for each form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from lumen_notify.http.fields import Body


class OneOfBody(Body):
    """The base class of bodies with several forms.

    forms: the fields of each form, by the name of its schema. The first field is required, the others are
    optional. No field may be null. rule: the message about a body that has none of the forms.
    """

    forms: ClassVar[Mapping[str, tuple[str, ...]]]
    rule: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def _is_object(cls, value: Any) -> Any:
        if not isinstance(value, (dict, cls)):
            raise ValueError(cls.rule)  # noqa: TRY004 - pydantic would not catch a TypeError
        return value

    @model_validator(mode="after")
    def _has_one_form(self) -> Self:
        given = self.model_fields_set
        for fields in self.forms.values():
            if fields[0] in given and given.issubset(fields):
                for name in given:
                    if getattr(self, name) is None:
                        raise ValueError(self.rule)
                return self
        raise ValueError(self.rule)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe the body as one of its forms: pydantic calls this."""
        reference = handler(core_schema)
        schema = handler.resolve_ref_schema(reference)
        properties = {name: _not_null(field) for name, field in schema.pop("properties").items()}
        for name in ("type", "additionalProperties"):
            del schema[name]
        schema["oneOf"] = [
            {
                "title": name,
                "type": "object",
                "description": properties[fields[0]]["description"],
                "properties": {field: properties[field] for field in fields},
                "required": [fields[0]],
                "additionalProperties": False,
            }
            for name, fields in cls.forms.items()
        ]
        return reference


def _not_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a field without null, which stands for a field that is absent."""
    (some,) = (one for one in schema["anyOf"] if one != {"type": "null"})
    return {**some, "description": schema["description"]}
