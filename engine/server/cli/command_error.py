"""The errors of commands: each has a message that follows `fieldstone: `."""


class CommandError(Exception):
    """A command cannot do its work; the message is a sentence that follows `fieldstone: `."""


class DifferenceFound(CommandError):
    """A comparison has found something; the message is such a sentence too."""
