"""The effect of destroyed records on others, and the error that a role gets about records that stand in the way."""

from dataclasses import replace
from typing import Any

import pytest

from fieldstone.engine.request.idempotency.claim import SentKey, build_claim
from tests.apis import LIMITS, PRINCIPAL, Apis
from tests.engine.records import create
from tests.engine.removing import make_object, relate, waiting
from tests.views import RoleClient, ask_as, granted, view

ALL: dict[str, Any] = {}
OTHERS = "Other records depend on those that would be destroyed."


def live(number: int) -> str:
    """The message about live records alone."""
    return waiting("boxs", "shelf", number).replace(", deleted ones included", "")


async def client(apis: Apis, **rights: dict[str, Any]) -> RoleClient:
    snapshot = await apis.snapshot()
    found = {
        snapshot.by_singular[name].id: granted(snapshot, snapshot.by_singular[name], **actions)
        for name, actions in rights.items()
    }
    return RoleClient(database=apis.database, seen=view(snapshot, found), claims={})


@pytest.mark.parametrize(
    ("rights", "message"),
    [
        ({"read": ALL, "restore": ALL}, waiting("boxs", "shelf", 2)),
        ({"read": ALL}, live(2)),
        (
            {"read": {"rule": {"name": {"eq": "seen"}}}},
            live(1),
        ),
        ({"read": {"rule": {"name": {"eq": "none"}}}}, OTHERS),
        ({"read": {"allBut": ["shelf"]}}, OTHERS),
        ({"create": ALL}, OTHERS),
    ],
    ids=["whole", "live ones", "one of them", "none of them", "not the relation", "no read"],
)
async def test_what_stands_in_the_way_is_told_as_far_as_it_may_be_read(
    apis: Apis, rights: dict[str, Any], message: str
) -> None:
    shelf, box = [await make_object(apis, name) for name in ("shelf", "box")]
    await relate(apis, box, "shelf", shelf, "RESTRICT")
    id_ = await create(apis, "shelf")
    for name in ("seen", "hidden"):
        await create(apis, "box", shelfId=id_, name=name)
    rep = await client(apis, box=rights)
    refused = await rep.refusal(f'mutation {{ destroyShelf(id: "{id_}") {{ id }} }}')
    assert (refused["extensions"]["code"], refused["message"]) == ("CONFLICT", message)
    assert ("field" in refused["extensions"]) is (message != OTHERS)


@pytest.mark.parametrize(
    ("rights", "is_named"),
    [
        ({"read": ALL}, True),
        ({"read": {"rule": {"name": {"eq": "seen"}}}}, False),
        ({"read": {"allBut": ["shelf"]}}, False),
        ({"create": ALL}, False),
    ],
    ids=["all of them", "some of them", "not the relation", "no read"],
)
async def test_too_many_that_depend_are_named_to_a_role_that_reads_them(
    apis: Apis, monkeypatch: pytest.MonkeyPatch, rights: dict[str, Any], is_named: bool
) -> None:
    monkeypatch.setattr("tests.views.LIMITS", replace(LIMITS, records=replace(LIMITS.records, bulk=2)))
    shelf, box = [await make_object(apis, name) for name in ("shelf", "box")]
    await relate(apis, box, "shelf", shelf, "CASCADE")
    id_ = await create(apis, "shelf")
    for _ in range(2):
        await create(apis, "box", shelfId=id_)
    rep = await client(apis, box=rights)
    refused = await rep.refusal(f'mutation {{ destroyShelf(id: "{id_}") {{ id }} }}')
    depending = "others that depend on those that would be destroyed"
    if is_named:
        depending = "boxs that point to records that would be destroyed, by 'shelf'"
    assert refused["extensions"] == {"code": "BAD_USER_INPUT"}
    assert refused["message"] == (
        f"More than 2 records would be written, among them {depending}: connect them to another record, or destroy"
        " them, first; nothing was written."
    )


@pytest.mark.parametrize(("more", "counts"), [({}, []), ({"restore": ALL}, [1]), ({"destroy": ALL}, [1])])
async def test_deleted_records_are_grouped_for_roles_that_bring_them_back(
    apis: Apis, more: dict[str, Any], counts: list[int]
) -> None:
    id_ = await create(apis, "company", name="gone")
    await apis.data(f'mutation {{ deleteCompany(id: "{id_}") {{ id }} }}')
    rep = await client(apis, company={"read": {"rule": {"name": {"neq": "x"}}}, **more})
    text = "{ companiesGroupBy(groupBy: [{ name: true }], filter: { deletedAt: { is: NOT_NULL } }) { count } }"
    answer = await ask_as(apis.database, rep.seen, {}, text)
    assert answer == {"data": {"companiesGroupBy": [{"count": count} for count in counts]}}


@pytest.mark.parametrize(("on_delete", "left"), [("SET_NULL", 1), ("CASCADE", 0)])
async def test_the_effects_on_other_records_need_no_right(apis: Apis, on_delete: str, left: int) -> None:
    shelf, box = [await make_object(apis, name) for name in ("shelf", "box")]
    await relate(apis, box, "shelf", shelf, on_delete)
    id_ = await create(apis, "shelf")
    await create(apis, "box", shelfId=id_)
    rep = await client(apis, shelf={"read": ALL, "destroy": ALL}, box={"read": {"rule": {"name": {"eq": "x"}}}})
    await rep.write(f'mutation {{ destroyShelf(id: "{id_}") {{ id }} }}')
    answer = await apis.data("{ boxs { edges { node { shelfId } } } }")
    assert answer == {"boxs": {"edges": [{"node": {"shelfId": None}}] * left}}


def test_an_idempotency_key_is_one_of_a_role_and_its_values() -> None:
    bodies = {
        build_claim(principal, SentKey(b"k"), "mutation { x }", None, {}).body
        for principal in (
            PRINCIPAL,
            replace(PRINCIPAL, role="editor"),
            replace(PRINCIPAL, role="editor", claims={"userId": "1"}),
            replace(PRINCIPAL, role="editor", claims={"userId": "2"}),
        )
    }
    assert len(bodies) == 4
