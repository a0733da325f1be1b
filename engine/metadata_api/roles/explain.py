"""`explainAccess`: whether a role may do something, and the way and the term of its rule that say so.

It plans the rules by the functions that plan requests, and lets PostgreSQL judge the record.
"""

from collections.abc import Hashable, Iterator, Mapping
from typing import Final

from fieldstone.engine.documents.document import DocumentLimits, parse_operation
from fieldstone.engine.errors import Forbidden, NotFound
from fieldstone.engine.metadata_api.model.facts import Fact
from fieldstone.engine.metadata_api.roles.question import Question, read_question
from fieldstone.engine.metadata_api.writes import Arguments
from fieldstone.engine.planner.access.rules import plan_rule
from fieldstone.engine.planner.access.write_rights import find_rights
from fieldstone.engine.planner.arguments.trees import Bindings, Blame, PrincipalValueUnusable, constant
from fieldstone.engine.planner.bound_statement import BoundStatement, compile_bound
from fieldstone.engine.planner.context import PlanContext, RecordLimits
from fieldstone.engine.schema.roots.principals import EXPLANATION
from fieldstone.metadata.access.effective import allows_field, lineage
from fieldstone.metadata.access.role_checks import required_fields
from fieldstone.metadata.access.role_display import show_way
from fieldstone.metadata.access.view import view_of
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.model import Access, Object, Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import Action, Stored, Way
from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import And, Compare, Comparison, Condition, IsNull
from fieldstone.sql.plan.outputs import Literal, Record
from fieldstone.sql.plan.read import One, ReadPlan
from fieldstone.sql.types import SqlType

_FOUND: Final = Record(entries=(("found", Literal(text="true")),))
_EXISTS, _IS_LIVE = "exists", "live"
_OTHER_PRESETS: Final = (
    "It is in a way with other presets, which does not count: a write has those of the first way by which its data may"
    " be given."
)


@frozen
class Verdict:
    """The answer to a question; `way` is the one that allows, or the first that does not."""

    allowed: bool
    reason: str
    way: Way | None = None


def plan_question(question: Question) -> BoundStatement | None:
    """Return the statement that judges the record; None where no record is asked about, or nothing has to be judged.

    Its answer has a member for the record itself, for a live one, and for each rule and each of its terms: null where
    the record does not fulfil it.
    """
    if question.record_id is None or question.refusal is not None or not question.ways:
        return None
    context = _context_of(question)
    key = context.parameters.add(constant(str(question.record_id).encode()), SqlType.UUID)
    object_ = question.object
    wanted: Condition = Compare(left=object_.key, comparison=Comparison.EQ, right=key)
    entries = [(_EXISTS, _one(object_, wanted))]
    if object_.deleted_at is not None:
        entries.append((_IS_LIVE, _one(object_, wanted, IsNull(column=object_.deleted_at))))
    for rule in dict.fromkeys(rule for way in _judged(question) for rule in _rules_of(way, question.action)):
        for part in (rule, *(term for _, term in _terms(rule))):
            condition = plan_rule(context, object_, part)
            entries.append((part.text, _one(object_, wanted, *([condition] if condition else []))))
    plan = ReadPlan(entries=tuple(dict(entries).items()))
    return compile_bound(plan, context.parameters)


def _context_of(question: Question) -> PlanContext:
    return PlanContext(
        snapshot=question.model,
        operation=parse_operation("{ __typename }", None, DocumentLimits()),
        variables={},
        limits=RecordLimits(),
    )


def explanation_facts(database: Database, *, time_limit: float) -> Mapping[str, Fact]:
    """Return the root field `explainAccess`; its statement may take `time_limit` seconds."""

    async def explain(model: Snapshot, principal: Principal, arguments: Arguments) -> JsonValue:
        given = arguments["input"]
        return await explain_access(database, model, given, time_limit=time_limit, share=principal.share)

    return {"explainAccess": Fact(explain, EXPLANATION)}


async def explain_access(
    database: Database, model: Snapshot, given: Mapping[str, JsonValue], *, time_limit: float, share: Hashable
) -> JsonValue:
    """Return the members of `AccessExplanation` for an `ExplainAccessInput`.

    Raises:
        BadUserInput: it names a role, an object or a field that is not there.
        NotFound: there is no such record.
    """
    question = read_question(model, given)
    statement, found = plan_question(question), None
    if statement is not None:
        try:
            parameters = statement.bind(Bindings(variables={}, actor="", claims=question.claims))
        except PrincipalValueUnusable as error:
            # The principal itself is not told of the rule.
            return describe_verdict(question, Verdict(allowed=False, reason=f"{error.message} {error.detail}"))
        (row,) = await database.read(statement.statement, parameters, timeout=time_limit, share=share)
        found = loads(row[0] or b"null")
    return describe_verdict(question, judge(question, found))


def judge(question: Question, found: Mapping[str, JsonValue] | None) -> Verdict:
    """Return the verdict; `found` is the answer of the statement, None where there was none.

    Raises:
        NotFound: there is no such record.
    """
    role, object_ = question.role.name, question.object.name_singular
    done = f"{question.action.value} {object_}"
    if question.refusal is not None:
        return Verdict(allowed=False, reason=question.refusal)
    if not question.access.is_visible:
        return Verdict(allowed=False, reason=f"No grant of the role '{role}' is for {object_}, which it does not see.")
    if not question.access.ways(question.action):
        return Verdict(allowed=False, reason=f"No grant of the role '{role}' allows to {done}.")
    if question.field is not None and question.field.access in _never_given(question):
        reason = f"No client gives the field {question.field.name} on {question.action.value}, whatever its role is."
        return Verdict(allowed=False, reason=reason)
    ways = find_asked(question)
    if not ways:
        name = question.field.name if question.field else ""
        return Verdict(allowed=False, reason=f"No way of the role '{role}' to {done} has the field {name}.")
    if found is None:
        return _judge_without_record(question, ways, done)
    if found[_EXISTS] is None:
        raise NotFound(f"There is no {object_} with the id {question.record_id}.", field="recordId")
    return _judge_state(question, found) or _judge_record(question, ways, found, done)


def _judge_without_record(question: Question, ways: tuple[Way, ...], done: str) -> Verdict:
    free = next((way for way in ways if not any(_rules_of(way, question.action))), None)
    if free is not None:
        return Verdict(allowed=True, reason=f"The role may {done} without a condition.", way=free)
    condition = "whose data fulfils the check" if question.action is Action.CREATE else "that fulfils the rule"
    return Verdict(allowed=True, reason=f"The role may {done} {condition} of one of its ways.", way=ways[0])


def _judge_state(question: Question, found: Mapping[str, JsonValue]) -> Verdict | None:
    """Return the refusal that a record's deletion, or its life, is the reason of."""
    is_live = _IS_LIVE not in found or found[_IS_LIVE] is not None
    if question.action is Action.RESTORE and is_live:
        return Verdict(allowed=False, reason="The record is not deleted: there is nothing to restore.")
    if is_live or question.action is Action.CREATE:
        return None
    if question.action in {Action.UPDATE, Action.DELETE}:
        return Verdict(allowed=False, reason="The record is deleted: it must be restored first.")
    if not (question.access.restore or question.access.destroy):
        return Verdict(allowed=False, reason="The record is deleted, and the role may neither restore nor destroy any.")
    return None


def _judge_record(question: Question, ways: tuple[Way, ...], found: Mapping[str, JsonValue], done: str) -> Verdict:
    if question.action not in {Action.READ, Action.CREATE}:
        reading = question.access.read
        if not any(_holds(way, Action.READ, found) for way in reading):
            reason = f"The role does not read the record: {_failing(reading, Action.READ, found)}"
            return Verdict(allowed=False, reason=reason, way=next(iter(reading), None))
    for way in ways:
        if _holds(way, question.action, found):
            return Verdict(allowed=True, reason=_holding(way, question.action, found, done), way=way)
    reason = f"The record is in no way of the role to {done}: {_failing(ways, question.action, found)}"
    if any(_holds(way, question.action, found) for way in question.ways):
        reason += f" {_OTHER_PRESETS}"
    return Verdict(allowed=False, reason=reason, way=ways[0])


def find_asked(question: Question) -> tuple[Way, ...]:
    """Return the ways that a record is held against: of a write those that count for the field, or for any data.

    A created record has the fields that it needs beside the one that is asked for. The data of a write has the presets
    of the first way that admits it; a way with other presets does not count then.
    """
    found = question.ways
    if question.action not in {Action.CREATE, Action.UPDATE}:
        return found
    seen, role = view_of(question.model, question.role.id).objects[question.object.id], question.role.name
    try:
        rights = find_rights(_context_of(question), seen, question.action, Blame(field="field", path=()))
        if rights is None or rights.admission is None:
            return found if rights is None else rights.ways
    except Forbidden:
        return ()  # This process cannot read the presets of the ways.
    admit = rights.admission.admit
    return tuple(way for way in rights.ways if way in found and way in admit(_data_of(question, way), role).ways)


def _data_of(question: Question, way: Way) -> list[str]:
    """Return the names of the fields given by a way: the one asked for beside those needed, or all that may be."""
    never = _never_given(question)
    needed = [] if question.action is Action.UPDATE else [field.id for field in required_fields(question.object)]
    chosen = None if question.field is None else {question.field.id, *needed}
    return [
        name
        for name, field in question.object.active.items()
        if field.access not in never
        and field.id not in question.access.dropped
        and allows_field(question.object, way, field.id)
        and (chosen is None or field.id in chosen)
    ]


def _never_given(question: Question) -> set[Access]:
    """Return when the fields may be written that no client gives by the action."""
    match question.action:
        case Action.CREATE:
            return {Access.READ_ONLY}
        case Action.UPDATE:
            return {Access.READ_ONLY, Access.CREATE_ONLY}
        case _:
            return set()


def _judged(question: Question) -> Iterator[Way]:
    """Yield the ways whose rules are judged: those of the action, and those of reading, which the others need."""
    yield from question.ways
    if question.action is not Action.CREATE:
        yield from question.access.read


def _rules_of(way: Way, action: Action) -> tuple[Stored, ...]:
    """Return the condition of a way on a record: a created one must fulfil its check."""
    rule = way.check if action is Action.CREATE else way.rule
    return () if rule is None or rule.text == "{}" else (rule,)


def _holds(way: Way, action: Action, found: Mapping[str, JsonValue]) -> bool:
    return all(found[rule.text] is not None for rule in _rules_of(way, action))


def _terms(rule: Stored) -> Iterator[tuple[str, Stored]]:
    """Yield the terms of a rule with their places: its members, and the alternatives of an `or`."""
    members = loads(rule.text)
    for name, value in members.items():
        if name == "or":
            yield from ((f"or[{place}]", Stored(text=dumps(one))) for place, one in enumerate(value))
        elif len(members) > 1:
            yield name, Stored(text=dumps({name: value}))


def _holding(way: Way, action: Action, found: Mapping[str, JsonValue], done: str) -> str:
    for rule in _rules_of(way, action):
        kind = "check" if action is Action.CREATE else "rule"
        held = [place for place, term in _terms(rule) if place.startswith("or[") and found[term.text] is not None]
        term = f", by its term {held[0]}" if held else ""
        return f"The record fulfils the {kind} of a way to {done}{term}."
    return f"A way to {done} has no condition."


def _failing(ways: tuple[Way, ...], action: Action, found: Mapping[str, JsonValue]) -> str:
    if not ways:
        return "no grant allows to read it."
    failed = []
    for way in ways:
        for rule in _rules_of(way, action):
            terms = [(place, term) for place, term in _terms(rule) if found[term.text] is None]
            failed += [place for place, _ in terms] or ["the rule"]
    return f"these terms do not hold: {', '.join(failed)}."


def describe_verdict(question: Question, verdict: Verdict) -> JsonValue:
    """Return the members of `AccessExplanation`, with the terms in the names of the fields."""
    names = {f"@{one.id}": one.name for object_ in question.model.objects.values() for one in object_.fields}
    reason = verdict.reason
    for key in [key for key in names if key in reason]:
        reason = reason.replace(key, names[key])
    return {"allowed": verdict.allowed, "reason": reason, "way": _describe_way(question, verdict.way)}


def _describe_way(question: Question, way: Way | None) -> JsonValue:
    if way is None:
        return None
    owner = next(
        (
            role.name
            for role in lineage(question.model, question.role)
            for grant in role.grants
            if way in grant.ways and grant.object_id in {None, question.object.id}
        ),
        question.role.name,
    )
    return {"role": owner, **show_way(question.model, question.object, way)}


def _one(object_: Object, *terms: Condition) -> One:
    return One(table=object_.table, condition=And(terms=terms), record=_FOUND)
