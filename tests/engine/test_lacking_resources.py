"""A database without room, memory, locks or connections: its reason is the operator's, not the client's."""

import logging

import pytest

from fieldstone.engine.database_errors import describe
from fieldstone.engine.server.cli.exit_codes import explain
from fieldstone.engine.settings.loading import load_settings
from fieldstone.sql.concurrency.log_pause import LogPause
from fieldstone.sql.errors import OutOfResources

_FULL = OutOfResources('could not extend file "base/5/1249": No space left on device', sqlstate="53100")


def test_the_reason_is_logged_for_the_operator_but_not_for_each_request(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("fieldstone.engine.database_errors._LACK", LogPause())
    caplog.set_level(logging.WARNING)
    told = [describe(_FULL, None, None) for _ in range(3)]
    assert {str(error) for error in told} == {
        "The database has no room, no memory or no connection left for this: try again later."
    }
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == f"PostgreSQL lacks room, memory or connections: {_FULL.message} (53100)"


def test_a_command_names_the_remedy_instead_of_doubting_the_address() -> None:
    settings = load_settings(database_url="postgresql://localhost/fieldstone")
    assert explain(_FULL, settings) == (
        f"{_FULL.message}. Give PostgreSQL more room on its disk, memory, locks or connections, then try again."
    )
