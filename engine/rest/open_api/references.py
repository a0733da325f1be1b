"""References to parts of the document, and schemas around schemas."""

from typing import Any

from fieldstone.engine.rest.export_addresses import Format

Part = dict[str, Any]


def schema(name: str) -> Part:
    """Return the reference to a schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def parameter(name: str) -> Part:
    """Return the reference to a parameter."""
    return {"$ref": f"#/components/parameters/{name}"}


def response(status: int) -> Part:
    """Return the reference to the response with a status, which is that of an error."""
    return {"$ref": f"#/components/responses/{status}"}


def nullable(inner: Part) -> Part:
    """Return the schema of values that may be null, too."""
    if not inner:
        return inner
    type_ = inner.get("type")
    if type_ is None:
        return {"anyOf": [inner, {"type": "null"}]}
    found = {**inner, "type": [*([type_] if isinstance(type_, str) else type_), "null"]}
    return {**found, "enum": [*inner["enum"], None]} if "enum" in inner else found


def listed(items: Part) -> Part:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def members(**named: Part) -> Part:
    """Return the schema of an object that has all of these members."""
    return {"type": "object", "properties": named, "required": [*named]}


def file_content(format_: Format) -> Part:
    """Return the content of a body that is a file."""
    return {format_.media_type.partition(b";")[0].decode(): {"schema": {"type": "string"}}}


def json_content(inner: Part) -> Part:
    """Return the content of a body that is JSON."""
    return {"application/json": {"schema": inner}}
