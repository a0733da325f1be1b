"""The name of a share of the database connections: a statement counts for it."""

from collections.abc import Hashable
from typing import NamedTuple


class ShareKey(NamedTuple):
    """A workspace and one of its keys, whose callers are told from those of the others."""

    workspace: Hashable
    key: Hashable
