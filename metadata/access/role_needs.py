"""The fields that roles need: a change that takes one away, hides or retypes it is refused."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from fieldstone.metadata.access.rules import fields_named
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.model import Field, Object, Snapshot
from fieldstone.metadata.roles.role import Role, Stored


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loss:
    """A change of a field that rules may not outlive; `values` are the options that it loses."""

    object_: Object
    field: Field
    reason: str
    values: frozenset[str] = frozenset()


def check_roles(before: Snapshot, after: Snapshot) -> Iterator[InvalidChange]:
    """Yield the refusals of a change that takes away, hides or retypes a field which a rule, check or preset needs.

    The roles are those of the model after the change: one that was changed with or before it is judged as it is.
    """
    if before.objects is after.objects or not after.roles:
        return
    losses = {loss.field.id: loss for loss in _losses(before, after)}
    if not losses:
        return
    needed: dict[UUID, list[str]] = {}
    for role in after.roles.values():
        for id_ in _needs(role, losses):
            needed.setdefault(id_, []).append(role.name)
    by_reason: dict[tuple[str, str], list[str]] = {}
    for id_, names in needed.items():
        loss = losses[id_]
        path = f"{loss.object_.name_singular}.{loss.field.name}"
        by_reason.setdefault((loss.reason, ", ".join(dict.fromkeys(names))), []).append(path)
    for (reason, roles), paths in by_reason.items():
        yield InvalidChange(
            f"{', '.join(paths)} {reason}, and a rule, check or preset of the role {roles} needs it; updateRole first,"
            " which may stand before it in applyChanges",
            field="id",
        )


def _losses(before: Snapshot, after: Snapshot) -> Iterator[_Loss]:
    for id_, object_ in before.objects.items():
        now = after.objects.get(id_)
        if now is object_:
            continue
        for field in object_.fields:
            known = now.by_id.get(field.id) if now else None
            if now is None or known is None:
                yield _Loss(object_=object_, field=field, reason="goes")
            elif (field.is_active and object_.is_active) and not (known.is_active and now.is_active):
                yield _Loss(object_=object_, field=field, reason="is hidden")
            elif known is not field:
                yield from _compare(before, object_, field, known)


def _compare(before: Snapshot, object_: Object, field: Field, known: Field) -> Iterator[_Loss]:
    """Yield the losses of a field that is still there."""
    if _type_of(field) != _type_of(known):
        yield _Loss(object_=object_, field=field, reason="gets another type")
    elif gone := {one.value for one in field.options} - {one.value for one in known.options}:
        reason = f"loses the options {', '.join(sorted(gone))}"
        yield _Loss(object_=object_, field=field, reason=reason, values=frozenset(gone))
    elif field.relation_id is not None and field.is_unique is not known.is_unique:
        relation = before.relations[field.relation_id]
        target = before.objects[relation.target_object_id]
        # A rule asks for one record there, or for some, every or none of several.
        yield _Loss(
            object_=target,
            field=target.by_id[relation.target_field_id],
            reason="leads to another number of records",
        )


def _type_of(field: Field) -> tuple[object, ...]:
    return field.type, field.settings.get("dataType")


def _needs(role: Role, losses: Mapping[UUID, _Loss]) -> Iterator[UUID]:
    """Yield the fields among the lost ones that a role needs."""
    if role.mentioned.isdisjoint(losses):
        return
    for grant in role.grants:
        for way in grant.ways:
            for stored in way.stored:
                for id_ in fields_named(stored) & losses.keys():
                    values = losses[id_].values
                    if not values or values & _texts_in(stored):
                        yield id_


@lru_cache(maxsize=1_024)
def _texts_in(stored: Stored) -> frozenset[str]:
    """Return all texts that are values in a rule."""
    found: set[str] = set()
    pending = [loads(stored.text)]
    while pending:
        match pending.pop():
            case dict() as members:
                pending += members.values()
            case list() as items:
                pending += items
            case str() as text:
                found.add(text)
            case _:
                pass
    return frozenset(found)
