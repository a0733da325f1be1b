"""The effect of a change of the model on roles: those that read a new field, get wider, or can create no more."""

from collections.abc import Iterator
from uuid import UUID

from fieldstone.metadata.access.effective import Rights, access_on, effective_rights, lineage
from fieldstone.metadata.access.role_checks import effective_settings, may_fill, required_fields
from fieldstone.metadata.access.unindexed import find_unindexed
from fieldstone.metadata.changes.shared_parts import find_differing
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.roles.object_access import ObjectAccess
from fieldstone.metadata.roles.role import Action, Fields, Role, Way

ALL = "*"


def find_access_changes(before: Snapshot, after: Snapshot) -> list[JsonValue]:
    """Return the effects of a change on roles as plans show them: `{ kind name roles message }`.

    `READABLE` are the roles that read a new object or field, `WIDENED` those that may do more than before,
    `CANNOT_CREATE` those that give no value to a field that has become required, and `UNINDEXED` those whose rules find
    records by a field that no index serves, where that is new.
    """
    return [
        *_readable(before, after),
        *_unfilled(before, after),
        *_widened(before, after),
        *_unindexed(before, after),
    ]


def _entry(kind: str, name: str, roles: list[str], message: str) -> JsonValue:
    return {"kind": kind, "name": name, "roles": roles, "message": message}


def _readable(before: Snapshot, after: Snapshot) -> Iterator[JsonValue]:
    for id_, known, object_ in find_differing(before.objects, after.objects):
        if object_ is None:
            continue
        new = [field for field in object_.fields if known is None or field.id not in known.by_id]
        access = _access(after, id_) if new else {}
        if known is None:
            yield _read(object_.name_singular, [name for name, rights in access.items() if rights.read])
            continue
        for field in new:
            readers = [name for name, rights in access.items() if rights.reads(field.id)]
            yield _read(f"{object_.name_singular}.{field.name}", readers)


def _access(after: Snapshot, object_id: UUID) -> dict[str, ObjectAccess]:
    """Return the rights of each role on an object, by the role's name."""
    return {role.name: access_on(after, role, object_id) for role in after.roles.values()}


def _read(name: str, roles: list[str]) -> JsonValue:
    return _entry("READABLE", name, roles, f"{name} is new, and is read by {', '.join(roles) or 'no role'}")


def _unfilled(before: Snapshot, after: Snapshot) -> Iterator[JsonValue]:
    for id_, known, object_ in find_differing(before.objects, after.objects):
        if object_ is None:
            continue
        demanded = {field.id for field in required_fields(known)} if known else set()
        fields = [field for field in required_fields(object_) if field.id not in demanded]
        ways = {name: rights.create for name, rights in _access(after, id_).items()} if fields else {}
        for field in fields:
            roles = [name for name, found in ways.items() if found and not any(may_fill(way, field) for way in found)]
            if roles:
                name = f"{object_.name_singular}.{field.name}"
                message = f"{', '.join(roles)} can create no {object_.name_singular} without {name}, which is required"
                yield _entry("CANNOT_CREATE", name, roles, message)


def _widened(before: Snapshot, after: Snapshot) -> Iterator[JsonValue]:
    for role in after.roles.values():
        known = before.roles.get(role.id)
        if known is None or _is_unchanged(before, after, known, role):
            continue
        old, new = effective_rights(before, known), effective_rights(after, role)
        for name in _wider_objects(after, old, new):
            yield _entry("WIDENED", name, [role.name], f"{role.name} may do more with {_shown(name)} than before")
        if more := effective_settings(after, role) - effective_settings(before, known):
            names = ", ".join(sorted(setting.value for setting in more))
            yield _entry("WIDENED", "settings", [role.name], f"{role.name} gets the settings {names}")


def _unindexed(before: Snapshot, after: Snapshot) -> Iterator[JsonValue]:
    by_name: dict[str, list[str]] = {}
    for role in after.roles.values():
        known = before.roles.get(role.id)
        if known is role and before.indexes is after.indexes:
            continue
        former = find_unindexed(before, known) if known else []
        for name in find_unindexed(after, role):
            if name not in former:
                by_name.setdefault(name, []).append(role.name)
    for name, roles in by_name.items():
        message = f"a rule of {', '.join(roles)} finds records by {name}, which no index serves: createIndex would help"
        yield _entry("UNINDEXED", name, roles, message)


def _is_unchanged(before: Snapshot, after: Snapshot, known: Role, role: Role) -> bool:
    old, new = lineage(before, known), lineage(after, role)
    return len(old) == len(new) and all(one is other for one, other in zip(old, new, strict=True))


def _shown(name: str) -> str:
    return "all other objects" if name == ALL else name


def _wider_objects(after: Snapshot, old: Rights, new: Rights) -> Iterator[str]:
    for object_id in dict.fromkeys((*old.single, *new.single)):
        object_ = after.objects.get(object_id)
        if object_ is not None and _is_wider(old, new, object_):
            yield object_.name_singular
    if _grows(old.others, new.others):
        yield ALL


def _is_wider(old: Rights, new: Rights, object_: Object) -> bool:
    return _grows(old.on(object_.id), new.on(object_.id))


def _grows(old: ObjectAccess, new: ObjectAccess) -> bool:
    if new.aggregates and not old.aggregates:
        return True
    return any(not all(_is_covered(way, old.ways(action)) for way in new.ways(action)) for action in Action)


def _is_covered(way: Way, known: tuple[Way, ...]) -> bool:
    """Return whether one of the known ways allows all that a way does, as far as that shows without the records."""
    return any(
        one.rule in (None, way.rule)
        and _has_all(one.fields, way.fields)
        and (one.check == way.check or _is_lifted(one))
        and one.presets in (None, way.presets)
        for one in known
    )


def _is_lifted(way: Way) -> bool:
    """Return whether a way checks nothing."""
    return way.check.text == "{}" if way.check is not None else way.rule is None


def _has_all(wide: Fields, narrow: Fields) -> bool:
    if narrow.only:
        return all(map(wide.has, narrow.ids))
    return not wide.only and wide.ids <= narrow.ids
