"""The settings in which all workers must agree."""

import pytest

from fieldstone.engine.server.cli.workers.keeper import refuse_changes

RUNNING = {"port": 3000, "metrics_port": None, "data_dir": None, "is_development": False, "workers": 2}


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"port": 3001, "workers": 3}, None),
        ({"is_development": True}, "FIELDSTONE_ENV"),
        ({"data_dir": "/var/lib/fieldstone"}, "DATABASE_URL or FIELDSTONE_DATA_DIR"),
        ({"metrics_port": 9464, "is_development": True}, "FIELDSTONE_ENV, FIELDSTONE_METRICS_PORT"),
    ],
)
def test_a_reload_is_refused_that_would_have_workers_disagree(changes: dict[str, object], refused: str | None) -> None:
    sentence = None if refused is None else f"{refused} can change with a new start only."
    assert refuse_changes(RUNNING, RUNNING | changes) == sentence
