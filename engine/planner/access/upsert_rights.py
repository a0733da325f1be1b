"""The rights of an upsert: a record that is there needs a right to be changed, any other a right to be created."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from fieldstone.engine.errors import Forbidden
from fieldstone.engine.planner.access.admission import Admitted, Completion, find_admission
from fieldstone.engine.planner.access.rules import NEVER, rule_of
from fieldstone.engine.planner.access.write_rights import (
    FREE,
    NONE,
    JudgedRights,
    WriteRights,
    find_rights,
    forbidden_action,
    judge,
)
from fieldstone.engine.planner.arguments.trees import Bindings, Blame
from fieldstone.engine.planner.context import PlanContext, Site, visible
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object
from fieldstone.metadata.roles.role import WHOLLY, Action
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import And, Condition

CREATING: Final = ":ways"
CHANGING: Final = ":changes"
"""The keys of a row's texts that mark the ways which admit its data. No column has such a name."""


@frozen
class UpsertRights:
    """The rights of an upsert.

    Attributes:
        creation: None: it is not restricted, or not allowed.
        change: the same.
        creates: whether records may be created.
        changes: whether records may be changed.
    """

    object_: Object
    creation: WriteRights | None = None
    change: WriteRights | None = None
    creates: bool = True
    changes: bool = True

    @property
    def change_presets(self) -> Admitted | None:
        """The presets of a record that is changed, which all ways have alike; None where there are none."""
        admission = None if self.change is None else self.change.admission
        if admission is None or not admission.presets[0]:
            return None
        return Admitted(ways=admission.ways, marks="", presets=admission.presets[0])

    def complete(
        self, rows: Sequence[Mapping[str, JsonValue]], updated: Collection[UUID], bindings: Bindings
    ) -> list[tuple[Mapping[str, JsonValue], dict[str, str]]]:
        """Return the data of records with the presets of a creation, and the marks of the ways that admit each.

        Args:
            rows: the clients' data.
            updated: the ids of the fields that a change of a record sets.
            bindings: those of the request.

        Raises:
            Forbidden: the data of a record is admitted neither by a creation nor by a change.
        """
        creating = Completion(self.creation.admission, bindings) if self.creation and self.creation.admission else None
        changing = Completion(self.change.admission, bindings) if self.change and self.change.admission else None
        return [_complete(self, row, updated, creating, changing) for row in rows]


def _complete(
    rights: UpsertRights,
    row: Mapping[str, JsonValue],
    updated: Collection[UUID],
    creating: Completion | None,
    changing: Completion | None,
) -> tuple[Mapping[str, JsonValue], dict[str, str]]:
    data, marks = row, dict[str, str]()
    refused: list[Forbidden] = []
    if creating is not None:
        try:
            data, marks[CREATING] = creating.complete(row)
        except Forbidden as error:
            marks[CREATING] = ""
            refused.append(error)
    if changing is not None:
        ids = changing.admission.ids
        try:
            marks[CHANGING] = changing.complete({name: row[name] for name in row if ids.get(name) in updated})[1]
        except Forbidden as error:
            marks[CHANGING] = ""
            refused.append(error)
    if refused and len(refused) == rights.creates + rights.changes:
        raise refused[0]
    return data, marks


@frozen
class JudgedUpsert:
    """The rights of an upsert as its statement judges by them.

    Attributes:
        readable: the condition of a record that is there; None: all of them.
    """

    readable: Condition | None
    creation: JudgedRights
    change: JudgedRights

    @property
    def marks(self) -> list[str]:
        """The keys of a row's texts that mark the ways which admit its data."""
        rights = (self.creation.rights, self.change.rights)
        return [one.admitted for one in rights if one is not None and isinstance(one.admitted, str)]


def find_upsert_rights(context: PlanContext, object_: Object, blame: Blame, *, revives: bool) -> UpsertRights:
    """Return the rights of an upsert.

    Raises:
        Forbidden: the role may neither create nor update records; or it revives them without the right to restore all.
    """
    if object_.access is None:
        return UpsertRights(object_=object_)
    if revives and object_.access.restore != WHOLLY:
        raise forbidden_action(context, object_, Action.RESTORE, blame)
    creates, changes = bool(object_.access.create), bool(object_.access.update)
    creation = find_rights(context, object_, Action.CREATE, blame) if creates or not changes else None
    change = find_rights(context, object_, Action.UPDATE, blame) if changes else None
    if change is not None:
        # One statement changes all records, with the same presets.
        ways = tuple(way for way in change.ways if way.presets == change.ways[0].presets)
        admission = find_admission(context.snapshot, object_, Action.UPDATE, ways, blame)
        change = replace(change, ways=ways, admission=admission)
    return UpsertRights(object_=object_, creation=creation, change=change, creates=creates, changes=changes)


def changeable(context: PlanContext, object_: Object) -> tuple[Condition, ...]:
    """Return the condition of the records that an upsert finds: the role may change them in some way."""
    if object_.access is None:
        return ()
    rule = rule_of(context, object_, object_.access.update, Site.POINT) if object_.access.update else NEVER
    return () if rule is None else (rule,)


def judge_upsert(context: PlanContext, rights: UpsertRights, *, revives: bool) -> JudgedUpsert:
    """Return the rights that an upsert's statement judges by; its parameters are those of the one being planned."""
    if rights.object_.access is None:
        return JudgedUpsert(readable=None, creation=FREE, change=FREE)
    creation, change = NONE, NONE
    if rights.creates:
        is_marked = rights.creation is not None and rights.creation.admission is not None
        creation = judge(context, rights.creation, marks=CREATING if is_marked else None)
    if rights.changes:
        is_marked = rights.change is not None and rights.change.admission is not None
        change = judge(context, rights.change, marks=CHANGING if is_marked else None)
    terms = visible(context, rights.object_, deleted=revives, site=Site.POINT) if rights.changes else ()
    return JudgedUpsert(readable=And(terms=terms) if terms else None, creation=creation, change=change)
