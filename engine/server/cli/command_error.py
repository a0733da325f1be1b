"""The ends of commands that are not done."""

import sys


class CommandError(Exception):
    """A command cannot do its work; the message is a sentence that follows `fieldstone: `."""


class Interrupted(Exception):
    """Ctrl+C has ended a server, which has closed everything."""


class DifferenceFound(CommandError):
    """A comparison has found something; the message is such a sentence too."""


def require_output() -> None:
    """Refuse a command whose output is not printed again, such as a new key, if there is no standard output.

    Raises:
        CommandError: it was closed when the process began.
    """
    if sys.__stdout__ is None:
        raise CommandError("standard output is closed, and this command's output is not printed again")
