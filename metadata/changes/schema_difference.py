"""The effect of a change of the model on the GraphQL schema, and the part of it that breaks clients. Pure."""

from collections.abc import Iterator

from fieldstone.metadata import api_names
from fieldstone.metadata.field_types import FIELD_TYPES
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object, Snapshot


def compare_schemas(first: Snapshot, last: Snapshot) -> dict[str, JsonValue]:
    """Return the names that `appears`, `alters` (`Type.field: old -> new`), `vanishes` and `breaking` hold.

    A field's other type breaks clients, unless the field is only never null any more.
    """
    old, new = _members(first), _members(last)
    vanishes = old.keys() - new.keys()
    altered = {name: (old[name], new[name]) for name in old.keys() & new.keys() if old[name] != new[name]}
    breaking = {f"{name} vanishes" for name in vanishes}
    breaking |= {f"{name} becomes {after}" for name, (before, after) in altered.items() if after != f"{before}!"}
    return {
        "appears": sorted(new.keys() - old.keys()),
        "alters": sorted(f"{name}: {before} -> {after}" for name, (before, after) in altered.items()),
        "vanishes": sorted(vanishes),
        "breaking": sorted({*breaking, *_demands(first, last)}),
    }


def _members(snapshot: Snapshot) -> dict[str, str]:
    """Return the GraphQL types, their fields and the root fields of a model, as `Type` and `Type.field`.

    Each has its type as GraphQL writes it, where that can become another.
    """
    found: dict[str, str] = {}
    for object_ in snapshot.by_singular.values():
        found |= dict.fromkeys(api_names.all_type_names(object_), "")
        found |= {f"{object_.type_name}.{name}": _type_of(object_, field) for name, field in object_.by_name.items()}
        found |= {
            f"{object_.type_name}.{name}": _with_null("UUID", field) for name, field in object_.foreign_keys.items()
        }
        found |= dict.fromkeys((f"Query.{name}" for name in api_names.all_query_names(object_)), "")
        found |= dict.fromkeys((f"Mutation.{name}" for name in api_names.all_mutation_names(object_)), "")
        for field in api_names.enum_fields(object_):
            enum = api_names.enum_name(object_, field)
            found |= dict.fromkeys((f"{enum}.{option.value}" for option in field.options), "")
    return found


def _type_of(object_: Object, field: Field) -> str:
    if field.relation_id is not None:
        return ""
    if composite := FIELD_TYPES[field.type].composite:
        return composite
    (part,) = field.parts
    name = api_names.enum_name(object_, field) if field.options else part.scalar.name
    return _with_null(f"[{name}!]" if part.scalar.element else name, field)


def _with_null(name: str, field: Field) -> str:
    return name if field.can_be_null else f"{name}!"


def _demands(first: Snapshot, last: Snapshot) -> Iterator[str]:
    """Yield the fields that a create must give now and could leave out before."""
    for object_ in last.by_singular.values():
        before = first.objects.get(object_.id)
        for field in object_.by_name.values() if before else ():
            if _is_demanded(field) and not _was_demanded(before, field):
                yield f"{object_.type_name}.{field.name} becomes required"


def _was_demanded(before: Object | None, field: Field) -> bool:
    known = before.by_id.get(field.id) if before else None
    return known is not None and known.is_active and _is_demanded(known)


def _is_demanded(field: Field) -> bool:
    return bool(field.parts) and not field.is_nullable and field.default is None and not field.is_system
