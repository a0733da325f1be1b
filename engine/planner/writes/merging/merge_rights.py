"""The rights of a role in a merge: on the records that become one, and on those that point to them."""

from collections.abc import Sequence
from dataclasses import replace

from fieldstone.engine.errors import Forbidden
from fieldstone.engine.planner.access.admission import Admitted
from fieldstone.engine.planner.access.write_rights import FREE, NONE, JudgedRights, WriteRights, find_rights, judge
from fieldstone.engine.planner.arguments.trees import Blame
from fieldstone.engine.planner.context import PlanContext, Site, visible
from fieldstone.engine.planner.writes.values.assignments import preset_assignments
from fieldstone.metadata.access.effective import allows_field
from fieldstone.metadata.model import Field, Object
from fieldstone.metadata.roles.object_access import preset_ids
from fieldstone.metadata.roles.role import Action, Way
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import And, Condition
from fieldstone.sql.plan.operands import Column
from fieldstone.sql.plan.writes.elements import Assignment


@frozen
class HolderRights:
    """The rights on the records that point to merged ones, as a statement judges by them.

    Attributes:
        condition: of the records that the role reads, which alone are moved; None: all of them.
        moving: the rights to change a record's keys.
        barred: for each way of these, the keys that it does not allow to change.
        presets: those of the ways.
        deleting: the rights to delete a record that would be a second link.
    """

    condition: Condition | None = None
    moving: JudgedRights = FREE
    barred: tuple[tuple[Column, ...], ...] = ()
    presets: tuple[Assignment, ...] = ()
    deleting: JudgedRights = FREE

    @property
    def is_judged(self) -> bool:
        """Whether a record may be in the way of the merge."""
        return self.moving != FREE or self.deleting != FREE


def judge_merged(context: PlanContext, object_: Object, action: Action, blame: Blame) -> JudgedRights:
    """Return the rights on the merged records: to update the one that is kept, or to delete the others.

    Raises:
        Forbidden: the role has none.
    """
    return judge(context, find_rights(context, object_, action, blame), refuses=True)


def read_keys(context: PlanContext, holder: Object, fields: Sequence[Field], blame: Blame) -> Sequence[Field]:
    """Return the fields by which the role sees records point to others; those that it does not see stay as they are.

    Raises:
        Forbidden: it reads one of them in some of the records only.
    """
    access = holder.access
    found = [field for field in fields if access is None or access.reads(field.id)]
    for field in found:
        if access is not None and not access.reads_plainly(field.id):
            raise Forbidden(
                f"The role '{context.role_name}' reads '{field.name}' of some {holder.label_plural} only, and may not"
                " merge the records that they point to.",
                path=blame.path,
            )
    return found


def judge_holder(context: PlanContext, holder: Object, fields: Sequence[Field], blame: Blame) -> HolderRights:
    """Return the rights on the records that point to merged ones by these fields."""
    access = holder.access
    if access is None:
        return HolderRights()
    terms = visible(context, holder, deleted=True, site=Site.POINT)
    moving, barred, presets = NONE, tuple[tuple[Column, ...], ...](), tuple[Assignment, ...]()
    if access.update:
        rights = find_rights(context, holder, Action.UPDATE, blame)
        moving, barred, presets = _judge_moving(context, rights, fields, blame)
    return HolderRights(
        condition=And(terms=terms),
        moving=moving,
        barred=barred,
        presets=presets,
        deleting=judge_merged(context, holder, Action.DELETE, blame) if access.delete else NONE,
    )


def _judge_moving(
    context: PlanContext, rights: WriteRights | None, fields: Sequence[Field], blame: Blame
) -> tuple[JudgedRights, tuple[tuple[Column, ...], ...], tuple[Assignment, ...]]:
    """Return the rights to change some of these keys, the keys that each way bars, and the presets of the ways."""
    if rights is None or rights.admission is None:
        return judge(context, rights, refuses=True), (), ()
    # One statement changes all records, with the same presets.
    ways = tuple(way for way in rights.ways if way.presets == rights.ways[0].presets)
    holder = rights.object_
    barred = tuple(
        tuple(field.parts[0].column for field in fields if not _allows(holder, way, fields, field)) for way in ways
    )
    judged = judge(context, replace(rights, ways=ways), refuses=True, is_barred=any(barred))
    presets: tuple[Assignment, ...] = ()
    if rights.admission.presets[0] and not _presets_key(holder, ways[0], fields):
        admitted = Admitted(ways=ways, marks="", presets=rights.admission.presets[0])
        presets = preset_assignments(context, holder, admitted, blame)
    return judged, barred if judged.rights is not None else (), presets


def _allows(holder: Object, way: Way, fields: Sequence[Field], field: Field) -> bool:
    """Return whether a way allows to change a key. One that presets a key itself allows to change none."""
    return allows_field(holder, way, field.id) and not _presets_key(holder, way, fields)


def _presets_key(holder: Object, way: Way, fields: Sequence[Field]) -> bool:
    preset = preset_ids(way.presets)
    return any(not preset.isdisjoint(holder.ends_beside(field.id)) for field in fields)
