"""Fieldstone: metadata rows become a GraphQL API over PostgreSQL while the server runs."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fieldstone.engine.server.app import create_app
else:

    def __getattr__(name: str) -> Any:
        """Import the app when it is first asked for: the command line starts without it."""
        if name != "create_app":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return import_module("fieldstone.engine.server.app").create_app


__all__ = ["create_app"]
