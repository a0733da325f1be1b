"""The ends of commands that are not done."""


class CommandError(Exception):
    """A command cannot do its work; the message is a sentence that follows `fieldstone: `."""


class Interrupted(Exception):
    """Ctrl+C has ended a server, which has closed everything."""


class DifferenceFound(CommandError):
    """A comparison has found something; the message is such a sentence too."""
