"""The start of `fieldstone serve`: by itself, or as a supervisor of workers, which imports none of their work."""

import os
from collections.abc import Mapping
from typing import Any

import typer

from fieldstone.engine.server import cli as work
from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.cli.serving.env_file import read_env_file

_WORKERS = "FIELDSTONE_WORKERS"


def start(given: Mapping[str, Any], *, demo: bool, preload: bool, env_file: str | None) -> None:
    """Serve until a signal ends it.

    Args:
        given: the settings of the command line, by attribute.
        demo: whether sample data is wanted.
        preload: whether workers are forks that share the memory of their imports.
        env_file: a file with further settings.

    Raises:
        typer.Exit: with the exit code, where it is not 0.
    """
    try:
        found = read_env_file(env_file)
    except CommandError as error:
        typer.echo(f"fieldstone: {error}", err=True)
        raise typer.Exit(1) from None
    workers = given.get("workers") or os.environ.get(_WORKERS) or found.get(_WORKERS) or "1"
    if workers.strip() == "1":
        os.environ.update(found)
        work.exit_codes.run_server(lambda settings: work.serve.serve(settings, demo=demo), **given)
        return
    options = work.supervise.Options(given=given, demo=demo, preload=preload, env_file=env_file)
    if code := work.supervise.supervise(options):
        raise typer.Exit(code)
