"""The fields that roles need: a change that takes one away, hides it or gives it another meaning is refused."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from uuid import UUID

from fieldstone.metadata.access.rules import Mention, find_mentions
from fieldstone.metadata.access.stored_keys import claim_of
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object, Snapshot, relation_end
from fieldstone.metadata.model.shared_parts import find_differing
from fieldstone.metadata.roles.role import Role
from fieldstone.sql.frozen import frozen


def _always(_mention: Mention) -> bool:
    return True


@frozen
class _Loss:
    """A change of a field that a rule, check or preset may not outlive if `concerns` holds for its mention of it."""

    object_: Object
    field: Field
    reason: str
    concerns: Callable[[Mention], bool] = _always

    @property
    def path(self) -> str:
        """The names of the object and the field."""
        return f"{self.object_.name_singular}.{self.field.name}"


def check_roles(before: Snapshot, after: Snapshot) -> Iterator[InvalidChange]:
    """Yield the refusals of a change that takes away, hides or retypes a field which a rule, check or preset needs.

    The roles are those of the model after the change: one that was changed with or before it is judged as it is.
    """
    if before.objects is after.objects or not after.roles:
        return
    losses: dict[UUID, list[_Loss]] = {}
    for loss in _losses(before, after):
        losses.setdefault(loss.field.id, []).append(loss)
    if not losses:
        return
    needed: dict[tuple[str, str], list[str]] = {}
    for role in after.roles.values():
        for loss in _find_needed(role, losses):
            needed.setdefault((loss.reason, loss.path), []).append(role.name)
    paths: dict[tuple[str, str], list[str]] = {}
    for (reason, path), roles in needed.items():
        paths.setdefault((reason, ", ".join(roles)), []).append(path)
    for (reason, names), found in paths.items():
        yield InvalidChange(
            f"{', '.join(found)} {reason}, and a rule, check or preset of the role {names} needs it; updateRole first,"
            " which may stand before it in applyChanges",
            field="id",
        )


def _losses(before: Snapshot, after: Snapshot) -> Iterator[_Loss]:
    for _, object_, now in find_differing(before.objects, after.objects):
        if object_ is None:
            continue
        for field in object_.fields:
            known = now.by_id.get(field.id) if now else None
            if now is None or known is None:
                yield _Loss(object_=object_, field=field, reason="goes")
            elif (field.is_active and object_.is_active) and not (known.is_active and now.is_active):
                yield _Loss(object_=object_, field=field, reason="is hidden")
                yield from _find_cut(before, after, field)
            elif known is not field:
                yield from _compare(before, object_, field, known)


def _find_cut(before: Snapshot, after: Snapshot, hidden: Field) -> Iterator[_Loss]:
    """Yield the loss of the other end of a relation, one end of which is hidden."""
    end = relation_end(before, hidden)
    if end is None:
        return
    object_ = after.objects[end.target.id]
    field = object_.by_id[end.target_field.id]
    if object_.is_active and field.is_active:
        yield _Loss(object_=object_, field=field, reason="loses its other end", concerns=_crosses)


def _crosses(mention: Mention) -> bool:
    """Return whether a relation is followed or written; a condition on its key needs no record at its other end."""
    return mention.ending != "Id" or not isinstance(mention.value, dict)


def _compare(before: Snapshot, object_: Object, field: Field, known: Field) -> Iterator[_Loss]:
    """Yield the losses of a field that is still there."""
    if _type_of(field) != _type_of(known):
        yield _Loss(object_=object_, field=field, reason="gets another type")
        return
    if gone := {one.value for one in field.options} - {one.value for one in known.options}:
        reason = f"loses the options {', '.join(sorted(gone))}"
        yield _Loss(object_=object_, field=field, reason=reason, concerns=lambda mention: bool(gone & mention.texts))
    if field.options != known.options:
        order, later = field.parts[0].options or (), known.parts[0].options or ()
        reason = "gets an order of options by which a comparison takes in others"
        yield _Loss(
            object_=object_, field=field, reason=reason, concerns=lambda mention: _takes_others(mention, order, later)
        )
    if field.is_nullable and not known.is_nullable:
        reason = "becomes required"
        yield _Loss(object_=object_, field=field, reason=reason, concerns=lambda mention: mention.value is None)
    if field.relation_id is not None and field.is_unique is not known.is_unique:
        relation = before.relations[field.relation_id]
        target = before.objects[relation.target_object_id]
        # A rule asks for one record there, or for some, every or none of several.
        yield _Loss(
            object_=target,
            field=target.by_id[relation.target_field_id],
            reason="leads to another number of records",
        )


def _takes_others(mention: Mention, order: Sequence[str], later: Sequence[str]) -> bool:
    """Return whether a condition takes in other options by a later order of them; those that go count for neither."""
    if not isinstance(mention.value, dict):
        return False
    kept = [one for one in order if one in later]
    if mention.around in _EXTREMES and kept != [one for one in later if one in order]:
        return True
    return any(
        set(_span(kept, low, high)) != set(_span(later, low, high))
        for name, argument in mention.value.items()
        if name in _BOUNDS
        for low, high in product(*(_possible(bound, kept) for bound in _BOUNDS[name](argument)))
    )


_EXTREMES = frozenset({"min", "max"})
_BOUNDS: Mapping[str, Callable[[JsonValue], tuple[JsonValue, JsonValue]]] = {
    **dict.fromkeys(("gt", "gte"), lambda value: (value, None)),
    **dict.fromkeys(("lt", "lte"), lambda value: (None, value)),
    "between": lambda value: (value[0], value[1]) if isinstance(value, list) else (value, value),
}
"""The bounds of a comparison by its operator; whether the bound itself is in makes no difference between two orders."""


def _possible(bound: JsonValue, kept: Sequence[str]) -> Sequence[str | None]:
    """Return the options that a bound may be: any for a principal's value; None for no bound."""
    if bound is None:
        return [None]
    return kept if claim_of(bound) is not None else [one for one in kept if one == bound]


def _span(order: Sequence[str], low: str | None, high: str | None) -> Sequence[str]:
    return order[order.index(low) if low else 0 : order.index(high) + 1 if high else len(order)]


def _type_of(field: Field) -> tuple[object, ...]:
    return field.type, field.settings.get("dataType")


def _find_needed(role: Role, losses: Mapping[UUID, list[_Loss]]) -> list[_Loss]:
    """Return the losses that a role does not outlive, each once."""
    if role.mentioned.isdisjoint(losses):
        return []
    mentions = [
        mention
        for grant in role.grants
        for way in grant.ways
        for stored in way.stored
        for mention in find_mentions(stored)
    ]
    return [
        loss
        for id_, lost in losses.items()
        for loss in lost
        if any(mention.field_id == id_ and loss.concerns(mention) for mention in mentions)
    ]
