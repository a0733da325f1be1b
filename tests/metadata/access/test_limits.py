"""The limits of a role: its own, else the largest of its parents'."""

from dataclasses import replace
from uuid import UUID, uuid4

from fieldstone.metadata.access.limits import role_limits
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.role import NO_LIMITS, Role, RoleLimits
from tests.models import standard_snapshot


def with_roles(*roles: Role) -> Snapshot:
    return replace(standard_snapshot(), roles={role.id: role for role in roles})


def role(name: str, *parents: UUID, **limits: int) -> Role:
    return Role(id=uuid4(), name=name, label=name, parents=parents, limits=RoleLimits(**limits))


def test_without_limits_those_of_the_server_hold() -> None:
    snapshot = with_roles(role("a"))
    assert role_limits(snapshot, "a") is NO_LIMITS
    assert role_limits(with_roles(role("a"), role("b", page=1)), "a") == NO_LIMITS


def test_a_role_is_found_by_id_and_by_name_and_an_unknown_one_has_none() -> None:
    small = role("small", page=5)
    snapshot = with_roles(small)
    assert role_limits(snapshot, small.id) == role_limits(snapshot, "small") == RoleLimits(page=5)
    assert role_limits(snapshot, "other") is NO_LIMITS


def test_own_limits_come_before_inherited_ones_of_which_the_largest_hold() -> None:
    one, other = role("one", page=5, cost=100, rate=7), role("other", page=50, cost=10)
    child = role("child", one.id, other.id, cost=1)
    snapshot = with_roles(one, other, child)
    # `other` has the rate of the server.
    assert role_limits(snapshot, "child") == RoleLimits(page=50, cost=1, rate=None)
    grandchild = role("grandchild", child.id)
    assert role_limits(with_roles(one, other, child, grandchild), "grandchild") == RoleLimits(page=50, cost=1)


def test_a_circle_of_parents_ends() -> None:
    a, b = role("a", page=3), role("b", page=4)
    a, b = replace(a, parents=(b.id,)), replace(b, parents=(a.id,), limits=NO_LIMITS)
    assert role_limits(with_roles(a, b), "b").page == 3


def test_a_chain_of_parents_is_as_long_as_it_likes() -> None:
    chain = [role("first", page=7)]
    for number in range(2_000):
        chain.append(role(f"link {number}", chain[-1].id))
    assert role_limits(with_roles(*chain), chain[-1].name) == RoleLimits(page=7)


def test_each_inherited_role_is_looked_at_once() -> None:
    """With each way to it looked at, these took longer than anybody waits."""
    tiers = [role("first", page=7)]
    for number in range(100):
        tiers.append(role(f"tier {number}", *(tier.id for tier in tiers)))
    snapshot = with_roles(*tiers)
    assert role_limits(snapshot, tiers[-1].id) == RoleLimits(page=7)
    assert snapshot.role_limits.keys() == snapshot.roles.keys()
