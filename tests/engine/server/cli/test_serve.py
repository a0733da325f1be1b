"""How the command has uvicorn serve."""

from fieldstone.engine import create_app
from fieldstone.engine.server.cli.serving.serve import configure

LONGEST_ELSEWHERE = 60
"""Seconds for which common proxies and load balancers keep an idle connection; most clients keep theirs for less."""


def test_an_idle_connection_is_closed_by_those_who_would_send_on_it() -> None:
    # uvicorn's own 5 seconds are httpx's, too: every now and then a request met the end of its connection.
    app = create_app(database_url="postgresql://127.0.0.1:9/nothing")
    assert configure(app, app.settings).timeout_keep_alive > LONGEST_ELSEWHERE
