"""The refusals of commands on cells."""

from fieldstone.metadata.errors import MetadataError


class CellUnavailable(MetadataError):
    """A cell that has to be asked cannot be reached."""


class MoveRefused(MetadataError):
    """A workspace cannot be moved, or not now."""
