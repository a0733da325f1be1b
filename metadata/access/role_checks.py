"""The rules that a role keeps to when it is saved, with the roles that it inherits."""

from collections.abc import Iterator
from uuid import UUID

from fieldstone.metadata.access.effective import effective_rights, lineage
from fieldstone.metadata.access.rules import claims_named
from fieldstone.metadata.access.view import view_of
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import JsonValue, loads
from fieldstone.metadata.model import Field, Object, Snapshot
from fieldstone.metadata.roles.object_access import preset_ids
from fieldstone.metadata.roles.role import WHOLLY, Action, Claim, Role, Setting, Way

_PRESETTING = (Action.CREATE, Action.UPDATE)


def check_role(snapshot: Snapshot, role: Role) -> Iterator[InvalidChange]:
    """Yield the refusals of a role that is saved, with those of the roles that it inherits."""
    if role.id in inherited(snapshot, role):
        yield InvalidChange(f"{role.name} would inherit itself", field="parents")
        return
    inherits = lineage(snapshot, role)
    yield from _check_claims(role, inherits)
    yield from _check_presets(snapshot, role)
    settings = effective_settings(snapshot, role)
    if Setting.IMPERSONATE in settings and Setting.ROLES not in settings:
        yield InvalidChange(
            f"{role.name} cannot have the setting IMPERSONATE without ROLES: a request that acts as another role may do"
            " all that this one may",
            field="settings",
        )
    if Setting.DATA_MODEL in settings and not reads_all(snapshot, role):
        yield InvalidChange(
            f"{role.name} cannot have the setting DATA_MODEL: plans of changes quote values, so it needs to read all"
            ' records of all objects; { object: "*" read: {} } grants that, if no grant for one object limits it',
            field="settings",
        )


def inherited(snapshot: Snapshot, role: Role) -> frozenset[UUID]:
    """Return the ids of the roles that a role inherits, its own where it inherits itself."""
    found: set[UUID] = set()
    pending = list(role.parents)
    while pending:
        id_ = pending.pop()
        if id_ not in found and id_ in snapshot.roles:
            found.add(id_)
            pending += snapshot.roles[id_].parents
    return frozenset(found)


def effective_settings(snapshot: Snapshot, role: Role) -> frozenset[Setting]:
    """Return the settings of a role and of those that it inherits."""
    return frozenset().union(*(one.settings for one in lineage(snapshot, role)))


def reads_all(snapshot: Snapshot, role: Role) -> bool:
    """Return whether a role reads all records of all objects, those to come among them."""
    rights = effective_rights(snapshot, role)
    return rights.others.read == WHOLLY and all(
        access.read == WHOLLY for id_, access in rights.single.items() if id_ in snapshot.objects
    )


def _check_claims(role: Role, inherits: list[Role]) -> Iterator[InvalidChange]:
    declared: dict[str, Claim] = {}
    for one in inherits:
        for claim in one.claims:
            known = declared.setdefault(claim.name, claim)
            if (known.scalar, known.is_list) != (claim.scalar, claim.is_list):
                yield InvalidChange(
                    f"claims: {claim.name} has another type in {one.name}, which {role.name} inherits", field="claims"
                )
    for grant in role.grants:
        for way in grant.ways:
            for stored in way.stored:
                for name in sorted(claims_named(stored) - declared.keys()):
                    yield InvalidChange(
                        f"claims must declare {name}, which the {grant.action.value} grant names:"
                        f' {{ name: "{name}" type: UUID }}, for instance',
                        field="claims",
                    )


def _check_presets(snapshot: Snapshot, role: Role) -> Iterator[InvalidChange]:
    """Yield the refusals of two ways of an action, also from two roles, that write one field differently."""
    rights = effective_rights(snapshot, role)
    for object_id, access in rights.single.items():
        object_ = snapshot.objects.get(object_id)
        for action in _PRESETTING if object_ else ():
            values: dict[str, JsonValue] = {}
            for way in access.ways(action):
                for key, value in (loads(way.presets.text) if way.presets else {}).items():
                    if values.setdefault(key, value) != value:
                        name = object_.by_id[UUID(key[1:37])].name if object_ else key
                        yield InvalidChange(
                            f"grants: two ways to {action.value} {object_.name_singular if object_ else ''} preset"
                            f" {name} with different values; a record could have both",
                            field="grants",
                        )


def check_creates(snapshot: Snapshot, role: Role) -> Iterator[InvalidChange]:
    """Yield the refusals of ways to create records that lack a field which each record must have.

    They are for new grants alone: a field may become required after them, as the plan of that change says.
    """
    view = view_of(snapshot, role.id)
    creates = {grant.object_id: grant.ways for grant in role.grants if grant.action is Action.CREATE}
    for id_, object_ in snapshot.objects.items():
        for way in creates.get(id_, creates.get(None, ())):
            yield from _lacking(view, object_, way, is_own=id_ in creates)


def _lacking(view: Snapshot, object_: Object, way: Way, *, is_own: bool) -> Iterator[InvalidChange]:
    if fields := [field for field in required_fields(object_) if not may_fill(view, way, field)]:
        names = ", ".join(field.name for field in fields)
        hints = ["preset it" if is_own else f"give {object_.name_singular} a grant of its own"]
        given = [field for field in fields if way.fields.has(field.id)]
        if targets := [target.name_singular for field in given if (target := _target(view, field))]:
            hints.insert(0, f"grant read of {', '.join(targets)}")
        if is_own and len(given) < len(fields):
            hints.insert(0, "add it to the fields of create")
        yield InvalidChange(
            f"grants: no {object_.name_singular} could be created without {names}, which each needs;"
            f" {', or '.join(hints)}",
            field="grants",
        )


def required_fields(object_: Object) -> Iterator[Field]:
    """Yield the fields that each created record must be given a value of."""
    return (
        field
        for field in object_.fields
        if field.is_active and field.parts and not field.is_nullable and field.default is None and not field.is_system
    )


def may_fill(view: Snapshot, way: Way, field: Field) -> bool:
    """Return whether a record that is created in this way of the view's role can have a value of the field.

    Presets lead to any record; a client gives those that the role reads.
    """
    if field.id in preset_ids(way.presets):
        return True
    target = _target(view, field)
    return way.fields.has(field.id) and (target is None or bool(target.rights.read))


def _target(view: Snapshot, field: Field) -> Object | None:
    """Return the object that a relation leads to by its key; None for another field."""
    return view.objects[view.relations[field.relation_id].target_object_id] if field.relation_id else None
