"""Names that take each other's place in a model file: they move, with their records, once and no more."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.metadata.changes import UpdateField
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.schema_file import plan_document
from fieldstone.metadata.schema_file.renames import find_swaps, order_renames
from tests.metadata.desk import Desk, new_field, new_object, new_relation, person
from tests.metadata.schema_files import carry_out, carry_out_at, shown, written
from tests.metadata.updates import field_of
from tests.models import apply_all, standard_snapshot


def renamed(names: dict[str, Any], moves: dict[str, str]) -> None:
    """Give the definitions in a mapping new names, by the old ones."""
    moved = {moves.get(name, name): values for name, values in names.items()}
    for old, new in moves.items():
        moved[new] = {**moved[new], "renamedFrom": old}
    names.clear()
    names.update(moved)


MOVES = {
    "two swap": {"city": "phone", "phone": "city"},
    "three in a round": {"city": "phone", "phone": "jobTitle", "jobTitle": "city"},
    "one after the other": {"city": "phone", "phone": "mobile"},
    "one before the other": {"phone": "mobile", "city": "phone"},
    "a swap and one behind it": {"city": "phone", "phone": "city", "jobTitle": "title"},
}


@pytest.mark.parametrize("moves", MOVES.values(), ids=MOVES)
def test_fields_take_the_names_of_others(moves: dict[str, str]) -> None:
    model = standard_snapshot()
    document = written(model)
    renamed(document["objects"]["person"]["fields"], moves)
    made, _ = carry_out(model, document)
    assert {old: person(made).by_name[new].id for old, new in moves.items()} == {
        old: person(model).by_name[old].id for old in moves
    }
    assert carry_out(made, document, prune=True) == (made, 0)
    # A renamed definition is the same in another workspace.
    again, _ = carry_out(standard_snapshot(), written(made))
    assert shown(again) == shown(made)
    assert carry_out(made, written(made), prune=True) == (made, 0)


@pytest.mark.parametrize(
    "moves", [{"ship": "boat", "boat": "ship"}, {"ship": "boat", "boat": "raft"}], ids=["two swap", "one after"]
)
@pytest.mark.parametrize("with_plural", [True, False])
def test_objects_take_the_names_of_others(moves: dict[str, str], with_plural: bool) -> None:
    model = apply_all(standard_snapshot(), [new_object("ship"), new_object("boat")])
    document = written(model)
    renamed(document["objects"], moves)
    if with_plural:
        for name in moves.values():
            document["objects"][name]["namePlural"] = f"{name}s"
    made, _ = carry_out(model, document)
    for old, new in moves.items():
        object_ = made.by_singular[new]
        assert (object_.id, object_.name_plural) == (model.by_singular[old].id, f"{new if with_plural else old}s")
    assert carry_out(made, document, prune=True) == (made, 0)


PLURALS = {
    "two swap": {"ship": "boats", "boat": "ships"},
    "one after the other": {"boat": "fleet", "ship": "boats"},
    "one before the other": {"ship": "boats", "boat": "fleet"},
    "a plural that is a singular": {"ship": "boat", "boat": "fleet"},
}


@pytest.mark.parametrize("plurals", PLURALS.values(), ids=PLURALS)
def test_objects_take_the_plurals_of_others(plurals: dict[str, str]) -> None:
    model = apply_all(standard_snapshot(), [new_object("ship"), new_object("boat")])
    document = written(model)
    # In the order in which they stand here.
    for name, plural in plurals.items():
        document["objects"][name] = {**document["objects"].pop(name), "namePlural": plural}
    moves = {"boat": "dinghy"} if "boat" in plurals.values() else {}
    renamed(document["objects"], moves)
    made, _ = carry_out(model, document)
    for name, plural in plurals.items():
        object_ = made.by_singular[moves.get(name, name)]
        assert (object_.id, object_.name_plural) == (model.by_singular[name].id, plural)
    assert carry_out(made, document, prune=True) == (made, 0)


def related() -> Snapshot:
    """Ships and boats that lead to each other and to their own kind."""
    model = apply_all(standard_snapshot(), [new_object("ship"), new_object("boat")])
    for source, name, target, label in (
        ("ship", "boat", "boat", "Ships"),
        ("ship", "sister", "ship", "Sisters"),
        ("boat", "ship", "ship", "Boats"),
    ):
        ends = model.by_singular[source], model.by_singular[target]
        model = apply_all(model, [new_relation(ends[0], name, ends[1], label)])
    return model


def point_elsewhere(document: dict[str, Any], moves: Mapping[str, str]) -> None:
    """Have references to objects and fields lead to their new names; `object.field` is a field."""
    for object_ in document["objects"].values():
        for values in object_.get("fields", {}).values():
            if relation := values.get("relation"):
                target = relation["target"]
                relation["inverse"] = moves.get(f"{target}.{relation['inverse']}", f".{relation['inverse']}").split(
                    "."
                )[1]
                relation["target"] = moves.get(target, target)
            if "inverseOf" in values:
                source = moves.get(values["inverseOf"], values["inverseOf"])
                owner, _, name = source.partition(".")
                values["inverseOf"] = f"{moves.get(owner, owner)}.{name}"


@pytest.mark.parametrize("moves", [
    {"ship": "boat", "boat": "ship"},
    {"ship": "company", "company": "boat", "boat": "ship"},
], ids=["two swap", "three in a round"])  # fmt: skip
def test_related_objects_take_each_others_names(moves: dict[str, str]) -> None:
    model = related()
    document = written(model)
    renamed(document["objects"], moves)
    point_elsewhere(document, moves)
    check_moved(model, document, {model.by_singular[old].id: new for old, new in moves.items()})


@pytest.mark.parametrize("moves", [
    {"boat": "sister", "sister": "boat"},
    {"sisters": "boats", "boats": "sisters"},
    {"name": "boat", "boat": "name"},
    {"name": "boats", "boats": "name"},
], ids=["keys", "inverses", "a column and a key", "a column and an inverse"])  # fmt: skip
def test_ends_of_relations_take_the_names_of_others(moves: dict[str, str]) -> None:
    model = related()
    document = written(model)
    renamed(document["objects"]["ship"]["fields"], moves)
    point_elsewhere(document, {f"ship.{old}": f"ship.{new}" for old, new in moves.items()})
    fields = {field.name: field.id for field in model.by_singular["ship"].fields}
    check_moved(model, document, {fields[old]: new for old, new in moves.items()})


def check_moved(model: Snapshot, document: dict[str, Any], names: Mapping[UUID, str]) -> None:
    """Check that a document moves the names once, and says the same to another workspace."""
    made, _ = carry_out(model, document)
    now = {object_.id: object_.name_singular for object_ in made.objects.values()}
    now |= {field.id: field.name for object_ in made.objects.values() for field in object_.fields}
    assert {id_: now[id_] for id_ in names} == names
    assert carry_out(made, document, prune=True) == (made, 0)
    assert shown(carry_out(standard_snapshot(), written(made))[0]) == shown(made)


def test_a_swap_is_known_when_the_columns_have_other_names_since() -> None:
    model = standard_snapshot()
    document = written(model)
    renamed(document["objects"]["person"]["fields"], {"city": "phone", "phone": "city"})
    made, _ = carry_out(model, document)
    for name in ("city", "phone"):
        document["objects"]["person"]["fields"][name]["type"] = "ARRAY"
    converted, _ = carry_out(made, document)
    assert [person(converted).by_name[name].column for name in ("city", "phone")] == ["phone2", "city2"]
    assert carry_out(converted, document, prune=True) == (converted, 0)


async def test_the_columns_stay_with_the_fields(desk: Desk) -> None:
    model = await desk.change(lambda snapshot: [new_field(person(snapshot), name) for name in ("left", "right")])
    document = written(model)
    renamed(document["objects"]["person"]["fields"], {"left": "right", "right": "left"})

    await carry_out_at(desk, model.workspace.id, document)
    after = await desk.reload(model.workspace.id)
    assert [(name, field_of(after, "person", name).column) for name in ("left", "right")] == [
        ("left", "right"),
        ("right", "left"),
    ]


def test_a_swap_of_which_nobody_can_tell_whether_it_was_made_is_refused() -> None:
    model = standard_snapshot()
    own = person(model).by_name
    model = apply_all(
        model, [UpdateField(field_id=own[old].id, name=new) for old, new in (("city", "a"), ("phone", "b"))]
    )
    document = written(model)
    renamed(document["objects"]["person"]["fields"], {"a": "b", "b": "a"})
    with pytest.raises(InvalidChange, match="take each other's names by renamedFrom, and nothing tells") as caught:
        plan_document(model, document)
    assert caught.value.field == "renamedFrom"


NAMES = st.sampled_from("abcdefgh")


@given(st.dictionaries(NAMES, NAMES))
def test_each_name_is_free_when_it_is_taken(renames: dict[str, str]) -> None:
    wanted = {old: new for place, (old, new) in enumerate(renames.items()) if new not in list(renames.values())[:place]}
    now = {name: name for name in "abcdefgh" if name in wanted or name not in wanted.values()}
    for old, names in order_renames({old: {old: new} for old, new in wanted.items()}, set("abcdefgh")):
        assert names[old] == now[old] or names[old] not in now.values()
        now[old] = names[old]
    assert {old: now[old] for old in wanted} == wanted


@given(st.permutations("abcdefgh"))
def test_each_name_of_things_with_two_is_free_when_it_is_taken(names: list[str]) -> None:
    new = dict(zip("abcdefgh", names, strict=True))
    wanted = {pair: {name: new[name] for name in pair if new[name] != name} for pair in ("ab", "cd", "ef", "gh")}
    now = {name: name for name in "abcdefgh"}
    for key, given_names in order_renames(wanted, set("abcdefgh")):
        held = {present for name, present in now.items() if name not in wanted[key]}
        assert held.isdisjoint(given_names.values())
        now |= given_names
    assert now == new


@given(st.dictionaries(NAMES, NAMES))
def test_rounds_are_found_once_and_no_chains(renames: dict[str, str]) -> None:
    rounds = list(find_swaps(renames))
    for names in rounds:
        assert [renames[name] for name in names] == [*names[1:], names[0]]
    inside = [name for names in rounds for name in names]
    assert len(set(inside)) == len(inside)
    for start in renames:
        assert (start in inside) == _comes_back(renames, start)


def _comes_back(renames: dict[str, str], start: str) -> bool:
    name = start
    for _ in renames:
        name = renames.get(name, "")
        if name == start:
            return True
    return False
