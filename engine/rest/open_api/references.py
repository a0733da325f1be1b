"""References to parts of the document, schemas around schemas, and the parts that most operations have."""

from collections.abc import Iterable
from typing import Any, Final

from fieldstone.engine.rest.export_addresses import Format

Part = dict[str, Any]

TEXT: Final[Part] = {"type": "string"}
ID: Final[Part] = {"type": "string", "format": "uuid"}
MAPPING: Final[Part] = {"type": "object", "additionalProperties": True}
ANY_VALUE: Final[Part] = MAPPING | {"type": ["string", "number", "boolean", "array", "object", "null"]}
"""The schema of any JSON: some generators and importers of documents take no empty one."""

ALWAYS: Final = (400, 401, 403, 404, 406, 429, 500, 503, 504)
"""The statuses that any request of REST may be answered with."""
OF_BODIES: Final = (408, 413, 415)
"""The statuses beside them of requests with a body."""
CONFLICT: Final = 409
"""The status beside them of writes."""


def schema(name: str) -> Part:
    """Return the reference to a schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def parameter(name: str) -> Part:
    """Return the reference to a parameter."""
    return {"$ref": f"#/components/parameters/{name}"}


def refusals(statuses: Iterable[int]) -> Part:
    """Return by statuses, which are those of errors, the references to the responses with them."""
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in statuses}


def query(name: str, inner: Part, description: str) -> Part:
    """Return a parameter of the query string."""
    return {"name": name, "in": "query", "description": description, "schema": inner}


def answer(inner: Part) -> Part:
    """Return the response whose body has this schema."""
    return {"description": "The answer.", "content": json_content(inner)}


def nullable(inner: Part) -> Part:
    """Return the schema of values that may be null, too."""
    type_ = inner.get("type")
    if type_ is None:
        return {"anyOf": [inner, {"type": "null"}]}
    types = [type_] if isinstance(type_, str) else type_
    if "null" in types:
        return inner
    found = {**inner, "type": [*types, "null"]}
    return {**found, "enum": [*inner["enum"], None]} if "enum" in inner else found


def listed(items: Part) -> Part:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def members(**named: Part) -> Part:
    """Return the schema of an object that has all of these members."""
    return {"type": "object", "properties": named, "required": [*named]}


def file_content(format_: Format) -> Part:
    """Return the content of a body that is a file."""
    return {format_.media_type.partition(b";")[0].decode(): {"schema": TEXT}}


def json_content(inner: Part) -> Part:
    """Return the content of a body that is JSON."""
    return {"application/json": {"schema": inner}}
