"""The catalog's migrations: two that were made at the same time must not meet under one number."""

from fieldstone.metadata.catalog.migrate import MIGRATIONS


def test_the_migrations_are_numbered_without_a_gap() -> None:
    assert [migration.version for migration in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))
