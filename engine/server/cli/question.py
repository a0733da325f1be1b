"""Lines for the person at the terminal, and a question to that person."""

import asyncio
import sys

import typer

from fieldstone.metadata.shown_text import escape


def report(line: str) -> None:
    """Write a line, with its control characters shown, to stderr."""
    typer.echo(escape(line), err=True)


async def ask(question: str) -> bool:
    """Return whether the person says yes; False where nobody sits at a terminal.

    The event loop waits for the line, so that Ctrl+C ends the command here as it does everywhere.
    """
    if not sys.stdin.isatty():
        return False
    typer.echo(f"{question} [y/N]: ", nl=False)
    loop = asyncio.get_running_loop()
    has_line = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), has_line.set)
    try:
        await has_line.wait()
    finally:
        loop.remove_reader(sys.stdin.fileno())
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
