"""The key of the share of the connections that a statement counts for."""

from collections.abc import Hashable
from typing import NamedTuple


class ShareKey(NamedTuple):
    """The key of the share of a workspace's key, whose callers are told from those of its other keys."""

    workspace: Hashable
    key: Hashable
