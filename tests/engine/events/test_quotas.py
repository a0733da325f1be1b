"""The quotas of a workspace's subscribers."""

from uuid import UUID

import pytest

from fieldstone.engine.errors import QueryTooComplex
from fieldstone.engine.events.quotas import QuotaLimits, QuotaOwner, Quotas

A, B = QuotaOwner(UUID(int=1), False), QuotaOwner(UUID(int=2), False)


def quotas() -> Quotas:
    return Quotas(QuotaLimits(subscriptions=2, sockets=1, bytes_each=100, bytes_total=150))


def test_subscriptions_are_counted_by_workspace() -> None:
    counted = quotas()
    first = counted.admit(A, 0)
    counted.admit(A, 0)
    with pytest.raises(QueryTooComplex, match="FIELDSTONE_MAX_SUBSCRIPTIONS"):
        counted.admit(A, 0)
    counted.admit(B, 0)
    first.leave()
    first.leave()
    counted.admit(A, 0)
    with pytest.raises(QueryTooComplex, match="FIELDSTONE_MAX_SUBSCRIPTIONS"):
        counted.admit(A, 0)


def test_bytes_are_counted_by_workspace_and_in_all() -> None:
    counted = quotas()
    place = counted.admit(A, 60)
    with pytest.raises(QueryTooComplex, match=r"FIELDSTONE_MAX_SUBSCRIPTION_BYTES\."):
        place.resize(101)
    place.resize(100)
    other = counted.admit(B, 50)
    with pytest.raises(QueryTooComplex, match="FIELDSTONE_MAX_SUBSCRIPTION_BYTES_TOTAL"):
        other.resize(51)
    assert counted.kept_bytes == 150
    place.resize(20)
    other.resize(90)
    assert counted.kept_bytes == 110
    place.leave()
    place.resize(70)
    other.leave()
    assert counted.kept_bytes == 0


def test_who_was_refused_counts_for_nothing() -> None:
    counted = quotas()
    with pytest.raises(QueryTooComplex):
        counted.admit(A, 101)
    assert counted.kept_bytes == 0
    counted.admit(A, 50)
    counted.admit(A, 50)


def test_sockets_are_counted_by_workspace() -> None:
    counted = quotas()
    close = counted.open_socket(A)
    with pytest.raises(QueryTooComplex, match="FIELDSTONE_MAX_SOCKETS"):
        counted.open_socket(A)
    counted.open_socket(B)
    close()
    counted.open_socket(A)
