"""Fields of one response key are merged or refused as graphql-core has it, in a time that grows with the document."""

from collections.abc import Sequence

import pytest
from graphql import FragmentDefinitionNode, parse, specified_rules, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldstone.engine.documents.document import DocumentLimits, parse_operation
from fieldstone.engine.documents.field_merging import MOST_MERGED, find_conflicts
from fieldstone.engine.documents.validation import validate_operation
from fieldstone.engine.schema.lazy import lazy_schema
from tests.models import standard_snapshot

SCHEMA = lazy_schema(standard_snapshot())
LIMITS = DocumentLimits()


def conflicts(text: str) -> list[str]:
    document = parse(text)
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    return [error.message for error in find_conflicts(document, fragments, most_errors=20)]


MERGED = {
    "the same field": "{ companies { totalCount } companies { totalCount } }",
    "below, in another order": "{ companies { totalCount } companies { edges { cursor } totalCount } }",
    "the same arguments in another order": "{ c: companies(first: 1, offset: 2) { totalCount }"
    " c: companies(offset: 2, first: 1) { totalCount } }",
    "an object's members in another order": '{ c: companies(filter: {name: {eq: "a", in: ["b"]}}) { totalCount }'
    ' c: companies(filter: {name: {in: ["b"], eq: "a"}}) { totalCount } }',
    "a variable": "query ($n: Int) { companies(first: $n) { totalCount } ...F }"
    " fragment F on Query { companies(first: $n) { totalCount } }",
    "a circle of fragments": "{ ...F } fragment F on Query { companies { edges { node { id } } } ...F }",
}


@pytest.mark.parametrize("text", MERGED.values(), ids=MERGED)
def test_what_can_be_merged(text: str) -> None:
    assert conflicts(text) == []


HINT = " Use different aliases on the fields to fetch both if this was intentional."
DIFFER = f"they have differing arguments.{HINT}"
REFUSED = {
    "another field": (
        "{ a: companies { totalCount } a: people { totalCount } }",
        f"Fields 'a' conflict because 'companies' and 'people' are different fields.{HINT}",
    ),
    "another field below": (
        "{ companies { totalCount } ... { companies { totalCount: edges { cursor } } } }",
        f"Fields 'companies.totalCount' conflict because 'totalCount' and 'edges' are different fields.{HINT}",
    ),
    "an argument more": (
        "{ people { totalCount } people(first: 1) { totalCount } }",
        f"Fields 'people' conflict because {DIFFER}",
    ),
    "another value": (
        "{ people(first: 1) { totalCount } people(first: 2) { totalCount } }",
        f"Fields 'people' conflict because {DIFFER}",
    ),
    "another type of value": (
        "{ people(first: 1) { totalCount } people(first: 1.0) { totalCount } }",
        f"Fields 'people' conflict because {DIFFER}",
    ),
    "another variable": (
        "query ($a: Int, $b: Int) { people(first: $a) { totalCount } people(first: $b) { totalCount } }",
        f"Fields 'people' conflict because {DIFFER}",
    ),
    "a value and the text of it": (
        "{ people(first: null) { totalCount } people(first: null_) { totalCount } }",
        f"Fields 'people' conflict because {DIFFER}",
    ),
    "a list in another order": (
        '{ companies(filter: {name: {in: ["a", "b"]}}) { id } companies(filter: {name: {in: ["b", "a"]}}) { id } }',
        f"Fields 'companies' conflict because {DIFFER}",
    ),
    "behind two fragments": (
        "{ ...F ...G } fragment F on Query { x: id } fragment G on Query { ...H } fragment H on Query { x: name }",
        f"Fields 'x' conflict because 'id' and 'name' are different fields.{HINT}",
    ),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot(text: str, message: str) -> None:
    assert conflicts(text) == [message]
    core = validate(SCHEMA, parse(text), specified_rules)
    assert any("conflict because" in error.message for error in core)


def test_as_many_conflicts_are_reported_as_wanted() -> None:
    pairs = " ".join(f"a{n}: companies {{ totalCount }} a{n}: people {{ totalCount }}" for n in range(30))
    assert len(conflicts(f"{{ {pairs} }}")) == 20


def selections(depth: int) -> st.SearchStrategy[str]:
    """Selections on Company, a level of which leads to the people and back."""
    leaf = st.sampled_from(["id", "name", "employees", "a: id", "a: id", "a: name"])
    spread = st.sampled_from(["...F0", "...F1", "...F2", "...F3"])
    if depth == 0:
        return st.lists(st.one_of(leaf, spread), min_size=1, max_size=3).map(" ".join)
    below = selections(depth - 1)
    people = st.builds(
        "{} {{ edges {{ node {{ company {{ {} }} }} }} }}".format,
        st.sampled_from(["people", "people", "people(first: 1)", "a: people(first: 1)", "b: people(first: 2)"]),
        below,
    )
    inline = st.builds("... {{ {} }}".format, below)
    return st.lists(st.one_of(leaf, people, people, spread, inline), min_size=1, max_size=4).map(" ".join)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A document whose fragments spread only later ones, and are all in use."""
    bodies: Sequence[str] = [draw(selections(1)) for _ in range(4)]
    fragments = []
    for place, body in enumerate(bodies):
        for number in range(place + 1):
            body = body.replace(f"...F{number}", "id")  # noqa: PLW2901 - a fragment must not lead to itself
        fragments.append(f"fragment F{place} on Company {{ {body} }}")
    roots = " ".join(f"c{n}: companies {{ edges {{ node {{ ...F{n} }} }} }}" for n in range(4))
    return f"{{ companies {{ edges {{ node {{ {draw(selections(2))} }} }} }} {roots} }} {' '.join(fragments)}"


@pytest.mark.long
@settings(max_examples=100)
@given(text=documents())
def test_the_same_documents_are_valid_as_for_graphql_core(text: str) -> None:
    core = validate(SCHEMA, parse(text), specified_rules)
    ours = validate_operation(SCHEMA, parse_operation(text, None, LIMITS))
    assert bool(ours) == bool(core), text


LEVELS = "company { people { edges { node { company { id name } } } } }"
HEAVY = {
    "fragments that select the same": "{ people { edges { node { "
    + " ".join(f"...F{n}" for n in range(299))
    + " } } } } "
    + " ".join(f"fragment F{n} on Person {{ {LEVELS} }}" for n in range(299)),
    "a root again and again": f"{{ {f'people {{ edges {{ node {{ {LEVELS} }} }} }} ' * 100} }}",
    "fragments that spread the same fragments": "{ people { edges { node { "
    + " ".join(f"...F{n}" for n in range(50))
    + " } } } } "
    + " ".join(f"fragment F{n} on Person {{ {' '.join(f'...G{m}' for m in range(20))} }}" for n in range(50))
    + " ".join(f"fragment G{n} on Person {{ {LEVELS} }}" for n in range(20)),
}


@pytest.mark.parametrize("text", HEAVY.values(), ids=HEAVY)
def test_what_took_the_square_of_its_length_takes_a_step_for_each_part(text: str) -> None:
    operation = parse_operation(text, None, LIMITS)
    assert validate_operation(SCHEMA, operation) == []
    document, fragments = operation.document, operation.fragments
    assert find_conflicts(document, fragments, most_errors=20, most_merged=4_000) == []


def test_a_document_that_takes_too_many_comparisons_is_refused_and_says_why() -> None:
    # Each operation merges another set of fragments, of which nothing that was seen before is a part.
    names = [f"F{n}" for n in range(60)]
    operations = " ".join(
        f"query q{n} {{ people {{ edges {{ node {{ ...{name} {' '.join(f'...{one}' for one in names[:n])} }} }} }} }}"
        for n, name in enumerate(names)
    )
    text = f"{operations} {' '.join(f'fragment {name} on Person {{ {LEVELS} }}' for name in names)}"
    document = parse(text)
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    assert find_conflicts(document, fragments, most_errors=20, most_merged=MOST_MERGED) == []
    (error,) = find_conflicts(document, fragments, most_errors=20, most_merged=5_000)
    assert error.code == "QUERY_TOO_COMPLEX"
    assert error.message.startswith("The document takes more than 5000 comparisons to find out whether the fields of")
