"""The effect of a change of the model on roles: new readers, wider rights, and creates that lack a required field."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from fieldstone.metadata.access.effective import Rights, effective_rights, lineage
from fieldstone.metadata.access.limits import role_limits
from fieldstone.metadata.access.role_checks import effective_settings, may_fill, required_fields
from fieldstone.metadata.access.role_reader import LIMITS
from fieldstone.metadata.access.unindexed import find_unindexed
from fieldstone.metadata.access.view import view_of
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object, Snapshot, relation_end
from fieldstone.metadata.model.shared_parts import find_differing
from fieldstone.metadata.roles.object_access import ObjectAccess
from fieldstone.metadata.roles.role import Action, Fields, Role, RoleLimits, Way

ALL = "*"


def find_access_changes(before: Snapshot, after: Snapshot) -> list[JsonValue]:
    """Return the effects of a change on roles as plans show them: `{ kind name roles message }`.

    `READABLE` are the roles that read an object or field that is new, or active again, `WIDENED` those that may do more
    than before, new ones among them, `CANNOT_CREATE` those that give no value to a field that has become required, and
    `UNINDEXED` those whose rules find records by a field that no index serves, where that is new.
    """
    near = _narrow(before, after)
    return [
        *_readable(before, after, near),
        *_unfilled(before, after, near),
        *_widened(before, after),
        *_unindexed(before, after),
    ]


def _entry(kind: str, name: str, roles: list[str], message: str) -> JsonValue:
    return {"kind": kind, "name": name, "roles": roles, "message": message}


def _narrow(before: Snapshot, after: Snapshot) -> Snapshot:
    """Return the model after a change with the changed objects and their neighbours alone, whose views cost little."""
    changed = {id_: one for id_, _, one in find_differing(before.objects, after.objects) if one is not None}
    held = (field.relation_id for object_ in changed.values() for field in object_.fields)
    relations = {id_: after.relations[id_] for id_ in held if id_ is not None}
    ends = (id_ for one in relations.values() for id_ in (one.source_object_id, one.target_object_id))
    objects = {id_: after.objects[id_] for id_ in (*changed, *ends)}
    return replace(after, objects=objects, relations=relations, indexes={})


def _readable(before: Snapshot, after: Snapshot, near: Snapshot) -> Iterator[JsonValue]:
    for id_, object_ in near.objects.items():
        known = before.objects.get(id_)
        if not object_.is_active:
            continue
        if known is None or not known.is_active:
            readers = [name for name, view in _views(near) if view.objects[id_].rights.read]
            yield _read(object_.name_singular, readers, is_new=known is None)
            continue
        for field in object_.fields:
            former = known.by_id.get(field.id)
            if _shows(after, field) and not (former and _shows(before, former)):
                readers = [name for name, view in _views(near) if _shows(view, field)]
                yield _read(f"{object_.name_singular}.{field.name}", readers, is_new=former is None)


def _views(near: Snapshot) -> Iterator[tuple[str, Snapshot]]:
    """Yield the name and the view of each role."""
    return ((role.name, view_of(near, role.id)) for role in near.roles.values())


def _shows(view: Snapshot, field: Field) -> bool:
    """Return whether a field of an active object may be read, the records that it leads to among them."""
    is_key = field.relation_id is None or bool(field.parts)
    return view.objects[field.object_id].reads(field) and (is_key or relation_end(view, field) is not None)


def _read(name: str, roles: list[str], *, is_new: bool) -> JsonValue:
    how = "is new" if is_new else "is active again"
    return _entry("READABLE", name, roles, f"{name} {how}, and is read by {', '.join(roles) or 'no role'}")


def _unfilled(before: Snapshot, after: Snapshot, near: Snapshot) -> Iterator[JsonValue]:
    for id_, known, object_ in find_differing(before.objects, after.objects):
        if object_ is None:
            continue
        demanded = {field.id for field in required_fields(known)} if known else set()
        for field in (field for field in required_fields(object_) if field.id not in demanded):
            if roles := [name for name, view in _views(near) if _lacks(view, id_, field)]:
                name = f"{object_.name_singular}.{field.name}"
                message = f"{', '.join(roles)} can create no {object_.name_singular} without {name}, which is required"
                yield _entry("CANNOT_CREATE", name, roles, message)


def _lacks(view: Snapshot, object_id: UUID, field: Field) -> bool:
    """Return whether a role may create records and gives no value to a field in any of the ways."""
    ways = view.objects[object_id].rights.create
    return bool(ways) and not any(may_fill(view, way, field) for way in ways)


def _widened(before: Snapshot, after: Snapshot) -> Iterator[JsonValue]:
    for role in after.roles.values():
        # A role that comes, or comes back, had no rights: a token may name it.
        known = before.roles.get(role.id) or Role(id=role.id, name=role.name, label=role.label)
        if _is_unchanged(before, after, known, role):
            continue
        old, new = effective_rights(before, known), effective_rights(after, role)
        for name in _wider_objects(after, old, new):
            yield _entry("WIDENED", name, [role.name], f"{role.name} may do more with {_shown(name)} than before")
        if more := effective_settings(after, role) - effective_settings(before, known):
            names = ", ".join(sorted(setting.value for setting in more))
            yield _entry("WIDENED", "settings", [role.name], f"{role.name} gets the settings {names}")
        if larger := _larger_limits(role_limits(before, role.id), role_limits(after, role.id)):
            yield _entry("WIDENED", "limits", [role.name], f"{role.name} is limited less by {', '.join(larger)}")


def _larger_limits(old: RoleLimits, new: RoleLimits) -> list[str]:
    """Return the names of the limits that are larger, or are left to the server."""
    pairs = {name: (getattr(old, attribute), getattr(new, attribute)) for name, attribute in LIMITS.items()}
    return [name for name, (was, now) in pairs.items() if was is not None and (now is None or now > was)]


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
