"""Plans the changes of a document's roles around those of its objects and fields, which roles can be in the way of."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from fieldstone.metadata.access.role_checks import inherited
from fieldstone.metadata.access.role_display import show_rights
from fieldstone.metadata.access.role_needs import check_roles
from fieldstone.metadata.changes import Change, CreateRole, DeleteRole, UpdateRole, always, apply
from fieldstone.metadata.changes.kinds.roles.rights import build_rights, label_of
from fieldstone.metadata.changes.subjects import locate
from fieldstone.metadata.errors import InvalidChange, MetadataError, UnknownObject
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.role import Role, find_role
from fieldstone.metadata.scalars import shown
from fieldstone.metadata.schema_file.roles import read_roles
from fieldstone.sql.frozen import frozen

_RIGHTS = ("parents", "claims", "limits", "settings", "grants")

Build = Callable[[Snapshot], Change]
Values = Mapping[str, JsonValue]


@frozen
class _Roles:
    """The roles of a model and those that a document makes of them.

    Attributes:
        before: the model.
        gone: the roles that are deleted.
        stated: the members of each role in the document, by its name there.
        names: the names of the other roles by their ids: those that the document gives them, or else the model.
        changed: the members that become others, by the role's id.
    """

    before: Snapshot
    gone: Mapping[UUID, Role]
    stated: Mapping[str, Values]
    names: Mapping[UUID, str]
    changed: Mapping[UUID, Values]

    def has_other_rights(self, id_: UUID) -> bool:
        """Return whether a role gets other rights, not another name, label or description alone."""
        return not self.changed.get(id_, {}).keys().isdisjoint(_RIGHTS)


def plan_with_roles(snapshot: Snapshot, document: JsonValue, others: Sequence[Build], *, prune: bool) -> list[Build]:
    """Return changes of objects and fields with those of the document's roles, which come behind them.

    A role that gets other rights is freed of those it has before all else, if a change would be refused otherwise: one
    of a field that the role needs, or of a role that it inherits. Roles that inherit a freed one, and could not keep
    their settings meanwhile, are freed of these.

    Raises:
        InvalidChange: the document's roles are no such mapping, or one of the other changes breaks a rule.
        UnknownObject: the subject of one is not there.
    """
    stated = read_roles(document)
    if stated is None:
        return list(others)
    after, needing = _look_ahead(snapshot, others)
    roles = _match(snapshot, after, stated, prune=prune)
    freed = _let_go(roles, {id_ for id_ in needing if id_ in roles.gone or roles.has_other_rights(id_)})
    while True:
        first, last = list(_free(roles, freed)), list(_finish(roles, freed))
        more = _let_go(roles, _find_blocking(snapshot, after, first, last)) - freed
        if not more:
            return [*map(always, first), *others, *map(always, last)]
        freed |= more


def _look_ahead(snapshot: Snapshot, others: Iterable[Build]) -> tuple[Snapshot, AbstractSet[UUID]]:
    """Return the model after changes of objects and fields, and the ids of the roles that would have them refused."""
    needing: set[UUID] = set()
    latest = replace(snapshot, roles={})
    for build in others:
        before, change = latest, build(latest)
        try:
            latest = apply(before, change).snapshot
        except InvalidChange as error:
            raise locate(error, before, change) from None
        if any(check_roles(before, replace(latest, roles=snapshot.roles))):
            alone = {id_: replace(latest, roles={id_: role}) for id_, role in snapshot.roles.items()}
            needing |= {id_ for id_, model in alone.items() if any(check_roles(before, model))}
    return latest, needing


def _match(snapshot: Snapshot, after: Snapshot, stated: Mapping[str, Values], *, prune: bool) -> _Roles:
    known = {name: role for name, values in stated.items() if (role := _find(snapshot, name, values))}
    kept = {role.id for role in known.values()}
    gone = {id_: role for id_, role in snapshot.roles.items() if prune and id_ not in kept and not role.is_system}
    names = {id_: role.name for id_, role in snapshot.roles.items() if id_ not in gone}
    # An old name may be a new role's.
    names |= {role.id: name for name, role in sorted(known.items(), key=lambda one: one[0] != one[1].name)}
    # A parent's new name is no difference of its heirs.
    named = replace(after, roles={id_: replace(snapshot.roles[id_], name=name) for id_, name in names.items()})
    changed = {
        id_: _find_changed((named, snapshot), snapshot.roles[id_], name, stated[name])
        for id_, name in names.items()
        if name in stated
    }
    return _Roles(before=snapshot, gone=gone, stated=stated, names=names, changed=changed)


def _find(snapshot: Snapshot, name: str, values: Values) -> Role | None:
    return find_role(snapshot.roles, name) or find_role(snapshot.roles, str(values["renamedFrom"]))


def _find_changed(models: Sequence[Snapshot], role: Role, name: str, values: Values) -> dict[str, JsonValue]:
    """Return the members of a role that a document gives another value, with these values."""
    texts = {"name": name, "label": label_of(name, values["label"]), "description": values["description"]}
    return {
        **{member: value for member, value in texts.items() if value != getattr(role, member)},
        **{member: values[member] for member in _RIGHTS if _differs(models, role, member, values[member])},
    }


def _differs(models: Iterable[Snapshot], role: Role, member: str, value: JsonValue) -> bool:
    """Return whether a right would be another, by the first model with all names in it; without such a model it is."""
    for model in models:
        with suppress(InvalidChange, UnknownObject):
            wanted = replace(role, **build_rights(model, UpdateRole(role_id=role.id, **{member: value}), None))
            if member != "grants" or wanted == role:
                return wanted != role
            # The ids of deleted fields, which a role keeps, are not in a document.
            return show_rights(model, wanted) != show_rights(model, role)
    return True


def _let_go(roles: _Roles, ids: AbstractSet[UUID]) -> AbstractSet[UUID]:
    """Return the roles to free, so that these are in the way of nothing: themselves, or the heirs of those that go."""
    return {id_ for id_ in roles.names if id_ in ids or not _inherited_gone(roles, id_).isdisjoint(ids)}


def _inherited_gone(roles: _Roles, id_: UUID) -> AbstractSet[UUID]:
    """Return the ids of the roles which are deleted that a role inherits, not through one that stays."""
    return inherited(replace(roles.before, roles=roles.gone), roles.before.roles[id_])


def _emptied(roles: _Roles, role: Role) -> dict[str, JsonValue]:
    """Return the members that a role is freed of, with the values that it has meanwhile."""
    values: dict[str, JsonValue] = {"settings": []} if role.settings else {}
    if roles.has_other_rights(role.id):
        left = [roles.before.roles[id_].name for id_ in role.parents if id_ in roles.names]
        values |= {"grants": []} if role.grants else {}
        values |= {"parents": left} if len(left) < len(role.parents) else {}
    return values


def _heirs_first(snapshot: Snapshot) -> list[Role]:
    """Return all roles, each before those that it inherits: it inherits more of them than these do."""
    return sorted(snapshot.roles.values(), key=lambda role: len(inherited(snapshot, role)), reverse=True)


def _held(roles: _Roles, freed: AbstractSet[UUID]) -> AbstractSet[UUID]:
    """Return the ids of the roles which are deleted that one which is not freed inherits."""
    return {gone for id_ in roles.names if id_ not in freed for gone in _inherited_gone(roles, id_)}


def _free(roles: _Roles, freed: AbstractSet[UUID]) -> Iterator[Change]:
    """Yield the changes that free roles, and delete those that no other inherits then."""
    held = _held(roles, freed)
    for role in _heirs_first(roles.before):
        if role.id in roles.gone and role.id not in held:
            yield DeleteRole(role_id=role.id)
        elif role.id in freed and (values := _emptied(roles, role)):
            yield UpdateRole(role_id=role.id, **values)


def _finish(roles: _Roles, freed: AbstractSet[UUID]) -> Iterator[Change]:
    """Yield the changes that make the roles as the document has them, and the deletions that are left."""
    known = {name: roles.before.roles[id_] for id_, name in roles.names.items()}
    parents = {name: [roles.names.get(id_) for id_ in role.parents] for name, role in known.items()}
    for name in _parents_first(parents | {name: values["parents"] or [] for name, values in roles.stated.items()}):
        values = roles.stated.get(name)
        role = known.get(name)
        if role is None and values is not None:
            yield CreateRole(name=name, **{member: values[member] for member in ("label", "description", *_RIGHTS)})
        elif role is not None:
            kept = show_rights(roles.before, role) if values is None else values
            restored = {member: kept[member] for member in (_emptied(roles, role) if role.id in freed else ())}
            if new := {**restored, **roles.changed.get(role.id, {})}:
                yield UpdateRole(role_id=role.id, **new)
    held = _held(roles, freed)
    yield from (DeleteRole(role_id=role.id) for role in _heirs_first(roles.before) if role.id in held)


def _parents_first(parents: Mapping[str, Sequence[JsonValue]]) -> list[str]:
    """Return names of roles, each behind those of its parents."""
    ordered: dict[str, None] = {}

    def add(name: str, heirs: tuple[str, ...]) -> None:
        if name in heirs:
            raise InvalidChange(f"the role {shown(name)} would inherit itself", field="parents")
        for parent in parents[name]:
            if isinstance(parent, str) and parent in parents and parent not in ordered:
                add(parent, (*heirs, name))
        ordered[name] = None

    for name in parents:
        if name not in ordered:
            add(name, ())
    return list(ordered)


def _find_blocking(
    snapshot: Snapshot, after: Snapshot, first: Iterable[Change], last: Iterable[Change]
) -> AbstractSet[UUID]:
    """Return the ids of the roles by which the first refused change of roles is refused.

    Args:
        snapshot: the model.
        after: the model after the changes of objects and fields.
        first: the changes of roles before these.
        last: those behind them.
    """
    latest = snapshot
    for changes in (first, last):
        for change in changes:
            try:
                latest = apply(latest, change).snapshot
            except MetadataError:
                return _find_refusing(latest, change)
        latest = replace(after, roles=latest.roles)
    return frozenset()


def _find_refusing(snapshot: Snapshot, change: Change) -> AbstractSet[UUID]:
    """Return the ids of the roles that could not inherit a role as a change makes it."""
    if not isinstance(change, UpdateRole):
        return frozenset()
    heirs = {role.id for role in snapshot.roles.values() if change.role_id in inherited(snapshot, role)}
    return {heir for heir in heirs if _refuses(snapshot, change, heirs, heir)}


def _refuses(snapshot: Snapshot, change: Change, heirs: AbstractSet[UUID], heir: UUID) -> bool:
    left = heirs - {heir} - inherited(snapshot, snapshot.roles[heir])
    try:
        apply(replace(snapshot, roles={id_: role for id_, role in snapshot.roles.items() if id_ not in left}), change)
    except MetadataError:
        return True
    return False
