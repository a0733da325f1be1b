"""Hypothesis strategies over the rights to people and over writes of people, as clients write both."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from fieldstone.metadata.json_text import dumps
from tests.engine.access.few_people import ACME, BOLT, PEOPLE
from tests.reference_role_writes import WayOf

NOBODY, NEW = str(UUID(int=0xFF)), str(UUID(int=0xC3))
CITIES = ["Berlin", "Paris", None]
JOBS = ["dev", "ops", None]
CLAIMS = {"city": "Berlin", "company": "Acme", "jobs": ["dev", "ops"]}
FIELDS = ["email", "city", "jobTitle", "company"]

_LEAVES = st.sampled_from(
    [
        {},
        {"city": {"eq": "$principal.city"}},
        {"city": {"neq": "$principal.city"}},
        {"city": {"is": "NULL"}},
        {"jobTitle": {"in": "$principal.jobs"}},
        {"jobTitle": {"eq": "dev"}},
        {"company": {"name": {"eq": "$principal.company"}}},
        {"company": {"is": "NULL"}},
        {"companyId": {"eq": BOLT}},
    ]
)
RULES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=2).map(lambda terms: {"or": terms}),
        st.lists(inner, min_size=1, max_size=2).map(lambda terms: {"and": terms}),
        inner.map(lambda term: {"not": term}),
    ),
    max_leaves=3,
).filter(lambda rule: rule == {} or "{}" not in json.dumps(rule))
_HAS_SALES = [{"opportunities": {"isEmpty": True}}, {"opportunities": {"isEmpty": False}}]
_HAS_COLLEAGUES = [
    {"company": {"people": {"some": {"jobTitle": {"eq": "dev"}}}}},
    {"company": {"people": {"every": {"city": {"eq": "$principal.city"}}}}},
]


def checks(*, asks_others: bool) -> st.SearchStrategy[Any]:
    """Checks of people, some of which wait for the end of the mutation; if it `asks_others`, about other people too."""
    waiting = st.sampled_from([*_HAS_SALES, *(_HAS_COLLEAGUES if asks_others else ())])
    both = st.tuples(RULES.filter(bool), waiting).map(list)
    return RULES | waiting | both.map(lambda terms: {"or": terms}) | both.map(lambda terms: {"and": terms})


PRESETS = st.sampled_from([{}, {}, {"city": "$principal.city"}, {"jobTitle": "ops"}, {"companyId": ACME}])


@st.composite
def ways(draw: st.DrawFn, *, checks: st.SearchStrategy[Any] | None = None, least: int = 0) -> list[WayOf]:
    """The ways of an action: none, one or several; without `checks` it writes no data."""
    found = []
    for _ in range(draw(st.sampled_from([least, 1, 1, 2, 2, 3]))):
        rule = draw(st.none() | (RULES if checks is None else checks))
        if checks is None:
            found.append(WayOf(rule=rule))
            continue
        only = draw(st.none() | st.sets(st.sampled_from(FIELDS), min_size=1))
        preset = draw(PRESETS)
        fields = None if only is None else frozenset({*only, *(["email"] if draw(st.booleans()) else [])})
        found.append(WayOf(rule=rule, check=draw(st.none() | checks), fields=fields, preset=preset))
    return found


@st.composite
def data(draw: st.DrawFn, *, names: Sequence[str] = ("city", "jobTitle", "companyId")) -> dict[str, Any]:
    values = {
        "city": st.sampled_from(CITIES),
        "jobTitle": st.sampled_from(JOBS),
        "companyId": st.sampled_from([ACME, BOLT, NOBODY, None]),
    }
    chosen = draw(st.sets(st.sampled_from(list(names)), max_size=2))
    return {name: draw(values[name]) for name in names if name in chosen}


def as_input(value: Any) -> str:
    """A value as GraphQL writes it."""
    match value:
        case dict():
            return "{ " + " ".join(f"{name}: {as_input(item)}" for name, item in value.items()) + " }"
        case list():
            return "[" + " ".join(map(as_input, value)) + "]"
        case "NULL":
            return "NULL"
        case _:
            return dumps(value)


@st.composite
def writes(draw: st.DrawFn) -> tuple[str, str, tuple[Any, ...]]:
    """A mutation, with the method of the oracle and its arguments."""
    id_ = draw(st.sampled_from([*PEOPLE, NOBODY]))
    match draw(
        st.sampled_from(
            [
                "update",
                "update",
                "update_all",
                "update_rows",
                "create",
                "create",
                "upsert",
                "upsert_with",
                "upsert_with",
                "merge",
                "remove",
            ]
        )
    ):
        case "update":
            given_ = draw(data())
            return f'updatePerson(id: "{id_}" data: {as_input(given_)})', "update", (id_, given_)
        case "update_all":
            given_, condition = draw(data()), {"city": {"eq": draw(st.sampled_from(["Berlin", "Paris"]))}}
            text = f"updatePeople(filter: {as_input(condition)} data: {as_input(given_)})"
            return text, "update_all", (condition, given_)
        case "update_rows":
            ids = draw(st.lists(st.sampled_from([*PEOPLE, *PEOPLE, NOBODY]), min_size=1, max_size=3, unique=True))
            changes = {one: draw(data()) for one in ids}
            listed = [{"id": one, "data": given_} for one, given_ in changes.items()]
            return f"updatePeople(updates: {as_input(listed)})", "update_rows", (changes,)
        case "create":
            rows = [
                {"email": draw(st.sampled_from(["0", "new"])) + str(n or ""), **draw(data())}
                for n in range(draw(st.integers(1, 2)))
            ]
            made = [{**row, "id": str(UUID(int=0xB0 + n))} for n, row in enumerate(rows)]
            if len(rows) == 1:
                return f"createPerson(data: {as_input(rows[0])})", "create", (made,)
            return f"createPeople(data: {as_input(rows)})", "create", (made,)
        case "upsert":
            emails = draw(
                st.lists(st.sampled_from(["0", "1", "2", "3", "new", "newer"]), min_size=1, max_size=3, unique=True)
            )
            given_rows = [{"email": email, **draw(data())} for email in emails]
            name, value = ("Person", given_rows[0]) if len(emails) == 1 else ("People", given_rows)
            text = f"upsert{name}(data: {as_input(value)} onConflict: {{ fields: [email] }})"
            return text, "upsert", tuple({**row, "id": str(UUID(int=0xB0 + n))} for n, row in enumerate(given_rows))
        case "merge":
            ids = draw(st.lists(st.sampled_from([*PEOPLE[:4], *PEOPLE, NOBODY]), min_size=2, max_size=3, unique=True))
            place = draw(st.integers(0, len(ids) - 1))
            return f"mergePeople(ids: {as_input(ids)} conflictPriorityIndex: {place})", "merge", (ids, ids[place])
        case "upsert_with":
            given_ = {
                "email": draw(st.sampled_from(["0", "1", "2", "3", "new"])),
                **draw(data(names=("city", "jobTitle"))),
            }
            made_ = {"id": NEW, "name": draw(st.sampled_from(["Acme", "New"]))}
            connects = draw(st.sampled_from([None, ACME, BOLT, NOBODY]))
            found: dict[str, Any] = {"connectOrCreate": {"where": {"id": connects}, "create": made_}}
            text = as_input({**given_, "company": {"create": made_} if connects is None else found})
            text = f"upsertPerson(data: {text} onConflict: {{ fields: [email] }})"
            return text, "upsert_with", ({**given_, "id": str(UUID(int=0xB0))}, made_, connects)
        case _:
            action = draw(st.sampled_from(["delete", "restore", "destroy"]))
            return f'{action}Person(id: "{id_}")', "remove", (action, id_)


def written(way: WayOf) -> dict[str, Any]:
    """A way as clients give it."""
    found: dict[str, Any] = {}
    if way.rule is not None:
        found["rule"] = way.rule
    if way.check is not None:
        found["check"] = way.check
    if way.fields is not None:
        found["only"] = sorted(way.fields)
    if way.preset:
        found["preset"] = way.preset
    return found


def rights_to_people(*, asks_others: bool = True) -> st.SearchStrategy[dict[str, list[WayOf]]]:
    """The ways of each action on people, with such checks; they are read in one way at least."""
    making = checks(asks_others=asks_others)
    return st.fixed_dictionaries(
        {
            "read": ways(least=1),
            "create": ways(checks=making),
            "update": ways(checks=making),
            "delete": ways(),
            "restore": ways(),
            "destroy": ways(),
        }
    )
