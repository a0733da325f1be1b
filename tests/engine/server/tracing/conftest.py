"""An app that is traced, and the collector of its spans."""

from collections.abc import Iterator

import pytest

from tests.engine.server.fast_path.conftest import serve
from tests.engine.server.tracing.collector import Collector, collecting

__all__ = ["serve"]


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector, to which the apps that start in this test send their spans, all of them and at once."""
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
        yield collector
