"""The refusal of a backup or a restoration."""


class BackupRefused(Exception):
    """A backup cannot be made, read or restored; the message is a sentence that says why."""
