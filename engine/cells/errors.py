"""The refusals of commands on cells."""

from fieldstone.metadata.errors import MetadataError


class CellUnavailable(MetadataError):
    """A cell that has to be asked cannot be reached."""


class CellsAreOne(MetadataError):
    """Two names of FIELDSTONE_CELLS lead to one database."""


class MoveRefused(MetadataError):
    """A workspace cannot be moved, or not now."""
