"""Names that take each other's place in a model file: they move, with their records, once and no more."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metadata.changes import UpdateField
from metadata.errors import InvalidChange
from metadata.schema_file import plan_document
from metadata.schema_file.renames import find_swaps, order_renames
from metadata.transaction import ModelTransaction
from tests.metadata.changes.test_updates import field_of
from tests.metadata.desk import Desk, new_field, new_object, person
from tests.metadata.test_schema_file import carry_out, shown, written
from tests.models import apply_all, standard_snapshot


def renamed(names: dict[str, Any], moves: dict[str, str]) -> None:
    """Give what stands in a mapping new names, by the old ones."""
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
    # What was renamed is the same in another workspace.
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
        thing = made.by_singular[new]
        assert (thing.id, thing.name_plural) == (model.by_singular[old].id, f"{new if with_plural else old}s")
    assert carry_out(made, document, prune=True) == (made, 0)


async def test_the_columns_stay_with_the_fields(desk: Desk) -> None:
    model = await desk.change(lambda snapshot: [new_field(person(snapshot), name) for name in ("left", "right")])
    document = written(model)
    renamed(document["objects"]["person"]["fields"], {"left": "right", "right": "left"})

    async def body(transaction: ModelTransaction) -> None:
        for build in plan_document(transaction.snapshot, document):
            await transaction.apply(build(transaction.snapshot))

    await desk.writer.run(model.workspace.id, body, actor="test")
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
    for old, new in order_renames(wanted, set("abcdefgh")):
        assert new == now[old] or new not in now.values()
        now[old] = new
    assert {old: now[old] for old in wanted} == wanted


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
