"""The model as a principal sees it: decided once for each principal and snapshot."""

from dataclasses import replace
from typing import Any

import pytest

from fieldstone.engine.access import principals
from fieldstone.engine.access.principals import ViewNotMade, see
from fieldstone.engine.errors import Forbidden
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import Claim, RoleLimits
from fieldstone.metadata.scalars import STRING
from tests.access_roles import READ_ONLY, make_role, with_roles
from tests.apis import PRINCIPAL
from tests.models import large_snapshot, standard_snapshot

SNAPSHOT = standard_snapshot()


def reader(**values: Any) -> Principal:
    return replace(PRINCIPAL, role="reader", claims=values)


def with_reader(**changes: Any) -> Snapshot:
    return with_roles(SNAPSHOT, replace(make_role(SNAPSHOT, "reader", {"*": READ_ONLY}), **changes))


def test_the_answer_is_kept_for_the_very_principal_and_the_very_snapshot() -> None:
    claims = (Claim(name="team", scalar=STRING),)
    snapshot = with_reader(claims=claims, limits=RoleLimits(page=5))
    north, south = reader(team="north"), reader(team="south")
    seen = see(snapshot, north)
    assert seen is see(snapshot, north)
    assert (seen.view.base, seen.claims, seen.limits.page) == (snapshot, {"team": "north"}, 5)
    assert see(snapshot, south).claims == {"team": "south"}
    # A change of the role makes another snapshot.
    assert see(with_reader(claims=claims, limits=RoleLimits(page=7)), north).limits.page == 7


def test_a_refusal_is_not_kept() -> None:
    snapshot = with_reader(claims=(Claim(name="team", scalar=STRING),))
    for _ in range(2):
        with pytest.raises(Forbidden, match="team"):
            see(snapshot, reader())
    with pytest.raises(Forbidden):
        see(snapshot, replace(PRINCIPAL, role="other"))
    assert snapshot.seen == {}


def test_the_view_of_a_large_model_is_made_apart() -> None:
    snapshot = large_snapshot(201)
    snapshot = with_roles(snapshot, make_role(snapshot, "reader", {"*": READ_ONLY}))
    with pytest.raises(ViewNotMade) as refused:
        see(snapshot, reader(), made=True)
    assert snapshot.views == {}
    refused.value.make()
    assert see(snapshot, reader(), made=True).view is snapshot.views["reader"]
    with pytest.raises(Forbidden, match="does not exist"):
        see(snapshot, replace(PRINCIPAL, role="other"), made=True)
    assert see(with_reader(), reader(), made=True).view.role is not None


@pytest.mark.parametrize("text", ["a\0", "a\ud800"], ids=["NUL", "lone surrogate"])
def test_a_text_that_postgresql_cannot_hold_is_no_value(text: str) -> None:
    snapshot = with_reader(claims=(Claim(name="team", scalar=STRING),))
    with pytest.raises(Forbidden, match="team") as refused:
        see(snapshot, reader(team=text))
    assert refused.value.extensions["reason"] == "PRINCIPAL_VALUE"


def test_the_kept_answers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(principals, "MOST_PRINCIPALS", 3)
    snapshot = with_reader()
    found = [see(snapshot, reader()) for _ in range(8)]
    assert [one.view is found[0].view for one in found] == [True] * 8
    assert len(snapshot.seen) <= 3
