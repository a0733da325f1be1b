"""The rights of a role as the Metadata API and a model file show them: names for ids, and nothing that is a default."""

from collections.abc import Iterator
from uuid import UUID

from fieldstone.metadata.access.role_reader import ANY, LIMITS
from fieldstone.metadata.access.rules import show
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.roles.claim_types import claim_type
from fieldstone.metadata.roles.role import Action, Fields, Grant, Role, Stored, Way

_RULES = (("rule", "rule"), ("check", "check"), ("presets", "preset"))


def show_role(snapshot: Snapshot, role: Role) -> dict[str, JsonValue]:
    """Return the members of a role that `createRole` takes, with the names that the model has now.

    Deleted objects and fields have no name: they are left out, though the role keeps them.
    """
    return {
        "name": role.name,
        "label": role.label,
        "description": role.description,
        **show_rights(snapshot, role),
    }


def show_rights(snapshot: Snapshot, role: Role) -> dict[str, JsonValue]:
    """Return the parents, claims, limits, settings and grants of a role as `createRole` takes them."""
    return {
        "parents": [snapshot.roles[id_].name for id_ in role.parents if id_ in snapshot.roles],
        "claims": [
            {
                "name": claim.name,
                "type": claim_type(claim.scalar),
                **({"isList": True} if claim.is_list else {}),
                **({"mayLack": True} if claim.may_lack else {}),
            }
            for claim in role.claims
        ],
        "limits": {
            name: limit for name, attribute in LIMITS.items() if (limit := getattr(role.limits, attribute)) is not None
        },
        "settings": sorted(setting.value for setting in role.settings),
        "grants": list(_show_grants(snapshot, role)),
    }


def _show_grants(snapshot: Snapshot, role: Role) -> Iterator[JsonValue]:
    by_object: dict[UUID | None, list[Grant]] = {}
    for grant in role.grants:
        by_object.setdefault(grant.object_id, []).append(grant)
    for object_id, grants in by_object.items():
        object_ = None if object_id is None else snapshot.objects.get(object_id)
        if object_id is not None and object_ is None:
            continue
        shown: dict[str, JsonValue] = {"object": object_.name_singular if object_ else ANY}
        for grant in grants:
            if grant.action is Action.READ and grant.ways:
                shown["aggregates"] = grant.aggregates
            ways = [show_way(snapshot, object_, way) for way in grant.ways]
            if ways:
                shown[grant.action.value] = ways[0] if len(ways) == 1 else ways
        yield shown


def show_way(snapshot: Snapshot, object_: Object | None, way: Way) -> dict[str, JsonValue]:
    """Return a way as a grant shows it; `object_` is None for all objects."""
    shown: dict[str, JsonValue] = {}
    for attribute, name in _RULES:
        stored: Stored | None = getattr(way, attribute)
        if stored is not None:
            shown[name] = show(snapshot, stored, near=object_)
    names = _show_fields(object_, way.fields)
    if way.fields.only or names:
        shown["fields"] = {"only" if way.fields.only else "allBut": names}
    return shown


def _show_fields(object_: Object | None, fields: Fields) -> list[str]:
    return [field.name for field in object_.fields if field.id in fields.ids] if object_ else []
