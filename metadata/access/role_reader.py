"""The reader of a role's rights: the JSON of the Metadata API and of a model file becomes grants with ids."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from fieldstone.metadata.access.rules import store_data, store_filter
from fieldstone.metadata.access.stored_keys import CLAIM_NAME
from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.known_names import known_names
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.roles.claim_types import CLAIM_TYPES
from fieldstone.metadata.roles.role import (
    ALL_FIELDS,
    Action,
    Claim,
    Fields,
    Grant,
    RoleLimits,
    Setting,
    Stored,
    Way,
)
from fieldstone.metadata.scalars import shown

ANY: Final = "*"
"""The sign for all objects in a grant."""

LIMITS: Final = {"maxPage": "page", "maxCost": "cost", "rateLimit": "rate"}
"""The limits of a role by their names in the API."""

WAY_MEMBERS: Final[Mapping[Action, tuple[str, ...]]] = {
    Action.READ: ("rule", "fields"),
    Action.CREATE: ("fields", "check", "preset"),
    Action.UPDATE: ("rule", "fields", "check", "preset"),
    **dict.fromkeys((Action.DELETE, Action.RESTORE, Action.DESTROY), ("rule",)),
}
"""The members of a way by the action."""

_GRANT = ("object", "aggregates", *(action.value for action in Action))
_LARGEST = 2**31 - 1


def read_parents(snapshot: Snapshot, given: JsonValue) -> tuple[UUID, ...]:
    """Return the ids of the roles that a list names, by name or by id, each once.

    Raises:
        UnknownObject: there is no such role.
    """
    names = {role.name: role.id for role in snapshot.roles.values()}
    ids = {str(id_): id_ for id_ in snapshot.roles}
    found = []
    for place, name in enumerate(_listed(given, "parents")):
        if not isinstance(name, str) or (name not in names and name not in ids):
            raise UnknownObject(
                f"parents[{place}]: there is no role {shown(name)}; the workspace has {', '.join(names)}",
                field="parents",
            )
        found.append(names.get(name) or ids[name])
    return tuple(dict.fromkeys(found))


def read_claims(given: JsonValue) -> tuple[Claim, ...]:
    """Return the claims of a list of `{ name type isList mayLack }`.

    Raises:
        InvalidChange: one is none, or two have one name.
    """
    claims = tuple(_read_claim(claim, f"claims[{place}]") for place, claim in enumerate(_listed(given, "claims")))
    names = [claim.name for claim in claims]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InvalidChange(f"claims: {twice} is there twice", field="claims")
    return claims


def read_limits(given: JsonValue) -> RoleLimits:
    """Return the limits of `{ maxPage maxCost rateLimit }`.

    Raises:
        InvalidChange: one is no whole number from 1.
    """
    values = _members(given or {}, "limits", LIMITS)
    for name, value in values.items():
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if value is not None and not (is_number and 1 <= value <= _LARGEST):
            raise InvalidChange(
                f"limits.{name} must be a whole number from 1 to {_LARGEST}, or null for none of its own, not"
                f" {shown(value)}",
                field=f"limits.{name}",
            )
    return RoleLimits(**{LIMITS[name]: value for name, value in values.items()})


def read_settings(given: JsonValue) -> frozenset[Setting]:
    """Return the settings that a list names.

    Raises:
        InvalidChange: one is none.
    """
    listed = _listed(given, "settings")
    for place, name in enumerate(listed):
        if not isinstance(name, str) or name not in Setting.__members__:
            raise _unknown(f"settings[{place}]", name, Setting.__members__)
    return frozenset(map(Setting, listed))


def read_grants(snapshot: Snapshot, given: JsonValue, before: Iterable[Grant] = ()) -> tuple[Grant, ...]:
    """Return the grants of a list of `{ object aggregates read create update delete restore destroy }`.

    An action that is left out or null is granted for no record: for a single object that takes away the grant for all
    objects.

    Args:
        snapshot: the whole model.
        given: the list.
        before: the grants in whose place these come; rules that are among theirs are taken as they are.

    Raises:
        InvalidChange: a member is wrong; the message and `field` name its place.
    """
    kept = frozenset(stored for grant in before for way in grant.ways for stored in way.stored)
    grants: list[Grant] = []
    seen: set[UUID | None] = set()
    for place, entry in enumerate(_listed(given, "grants")):
        path = f"grants[{place}]"
        members = _members(entry, path, _GRANT)
        object_ = _read_object(snapshot, members.get("object"), f"{path}.object")
        object_id = object_.id if object_ else None
        if object_id in seen:
            raise InvalidChange(f"{path}: there is a grant for {members['object']} before it", field=f"{path}.object")
        seen.add(object_id)
        grants += _read_grant(snapshot, object_, members, path, kept)
    return tuple(grants)


def _read_grant(
    snapshot: Snapshot, object_: Object | None, members: Mapping[str, JsonValue], path: str, kept: frozenset[Stored]
) -> Iterator[Grant]:
    aggregates = _read_flag(members, "aggregates", path, default=True)
    for action in Action:
        here = f"{path}.{action.value}"
        ways = tuple(_read_ways(snapshot, object_, action, members.get(action.value), here, kept))
        if ways or object_ is not None:
            yield Grant(
                object_id=object_.id if object_ else None,
                action=action,
                ways=ways,
                aggregates=action is not Action.READ or aggregates,
            )


def _read_ways(
    snapshot: Snapshot, object_: Object | None, action: Action, given: JsonValue, path: str, kept: frozenset[Stored]
) -> Iterator[Way]:
    for place, entry in enumerate(_listed(given, path)):
        here = f"{path}[{place}]" if isinstance(given, list) else path
        members = {
            name: value for name, value in _members(entry, here, WAY_MEMBERS[action]).items() if value is not None
        }
        fields = _read_fields(object_, members.pop("fields", None), f"{here}.fields")
        if object_ is None:
            if members:
                raise InvalidChange(
                    f"{here} cannot have a {next(iter(members))}: it needs the fields of one object, and this grant is"
                    " for all",
                    field=here,
                )
            yield Way(fields=fields)
        else:
            yield Way(fields=fields, **_read_rules(snapshot, object_, members, here, kept))


def _read_rules(
    snapshot: Snapshot, object_: Object, members: Mapping[str, JsonValue], path: str, kept: frozenset[Stored]
) -> dict[str, Stored | None]:
    rule, check, preset = (members.get(name) for name in ("rule", "check", "preset"))
    return {
        # A rule without conditions is of all records; a check without conditions lifts an update's own rule.
        "rule": _read_rule(snapshot, object_, rule, f"{path}.rule", kept) if rule not in (None, {}) else None,
        "check": None if check is None else _read_rule(snapshot, object_, check, f"{path}.check", kept),
        "presets": store_data(snapshot, object_, preset, place=f"{path}.preset") if preset not in (None, {}) else None,
    }


def _read_rule(snapshot: Snapshot, object_: Object, given: JsonValue, place: str, kept: frozenset[Stored]) -> Stored:
    stored = store_filter(snapshot, object_, given, place=place, is_kept=True)
    return stored if stored in kept else store_filter(snapshot, object_, given, place=place)


def _read_object(snapshot: Snapshot, given: JsonValue, path: str) -> Object | None:
    if given == ANY:
        return None
    by_name = {object_.name_singular: object_ for object_ in snapshot.objects.values()}
    by_id = {str(object_.id): object_ for object_ in snapshot.objects.values()}
    found = by_name.get(given) or by_id.get(given) if isinstance(given, str) else None
    if found is None:
        raise _unknown(path, given, [ANY, *by_name])
    return found


def _read_fields(object_: Object | None, given: JsonValue, path: str) -> Fields:
    if given is None:
        return ALL_FIELDS
    members = {name: value for name, value in _members(given, path, ("only", "allBut")).items() if value is not None}
    if len(members) != 1:
        raise InvalidChange(f"{path} must have only or allBut, one of them", field=path)
    ((kind, listed),) = members.items()
    names = _listed(listed, f"{path}.{kind}")
    if object_ is None:
        if names:
            raise InvalidChange(f"{path}.{kind} must be empty: the grant is for all objects", field=path)
        return Fields(only=kind == "only")
    known = {field.name: field.id for field in object_.fields}
    known |= {f"{name}Id": id_ for name, id_ in known.items() if object_.by_id[id_].relation_id is not None}
    ids = {str(field.id): field.id for field in object_.fields}
    for place, name in enumerate(names):
        if not isinstance(name, str) or (name not in known and name not in ids):
            raise _unknown(f"{path}.{kind}[{place}]", name, [field.name for field in object_.fields])
    return Fields(ids=frozenset(known.get(name) or ids[name] for name in names), only=kind == "only")


def _read_claim(given: JsonValue, path: str) -> Claim:
    members = _members(given, path, ("name", "type", "isList", "mayLack"))
    name, kind = members.get("name"), members.get("type")
    if not (isinstance(name, str) and CLAIM_NAME.fullmatch(name)):
        raise InvalidChange(
            f"{path}.name must be letters, digits and underscores, no digit first, not {shown(name)}", field=path
        )
    if not isinstance(kind, str) or kind not in CLAIM_TYPES:
        raise _unknown(f"{path}.type", kind, CLAIM_TYPES)
    is_list, may_lack = _read_flag(members, "isList", path), _read_flag(members, "mayLack", path)
    if may_lack and not is_list:
        raise InvalidChange(
            f"{path}.mayLack is for a list, which is then empty; {name} is no list: isList: true makes it one",
            field=path,
        )
    return Claim(name=name, scalar=CLAIM_TYPES[kind], is_list=is_list, may_lack=may_lack)


def _members(given: JsonValue, path: str, known: Iterable[str]) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise InvalidChange(f"{path} must be an object of {', '.join(known)}, not {shown(given)}", field=path)
    if unknown := next((name for name in given if name not in known), None):
        raise _unknown(path, unknown, known)
    return given


def _read_flag(members: Mapping[str, Any], name: str, path: str, *, default: bool = False) -> bool:
    value = members.get(name)
    if value is not None and not isinstance(value, bool):
        raise InvalidChange(f"{path}.{name} must be true or false, not {shown(value)}", field=path)
    return default if value is None else value


def _listed(given: JsonValue, path: str) -> Sequence[Any]:
    """Return a list, in whose place one item may stand; none where it is null."""
    if given is None:
        return ()
    listed = given if isinstance(given, list) else [given]
    if None in listed:
        raise InvalidChange(f"{path} must not list null", field=path)
    return listed


def _unknown(path: str, name: JsonValue, known: Iterable[str]) -> InvalidChange:
    return InvalidChange(f"{path} cannot be {shown(name)}{known_names(str(name), list(known))}", field=path)
