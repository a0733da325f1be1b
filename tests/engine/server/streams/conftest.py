"""Fixtures of the streams' tests: those of the events, which the streams carry."""

from tests.engine.events.conftest import desk, running, start_app

__all__ = ["desk", "running", "start_app"]
