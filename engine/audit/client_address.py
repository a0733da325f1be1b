"""The address of the client whose request is being answered."""

from contextvars import ContextVar
from typing import Final

CLIENT_ADDRESS: Final[ContextVar[str | None]] = ContextVar("CLIENT_ADDRESS", default=None)
"""It belongs to the task of a request and the tasks that this one starts: no layer between has to carry it."""
