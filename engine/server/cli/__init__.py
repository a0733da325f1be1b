"""The subcommands of `fieldstone`.

The modules with their work are attributes of this package, each imported when it is first asked for.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fieldstone.engine.server.cli import (
        api_keys,
        doctor,
        documents,
        exit_codes,
        import_schema,
        migrate,
        roles,
        schema,
        secrets,
        workspaces,
    )
    from fieldstone.engine.server.cli.serving import serve

    __all__ = [
        "api_keys",
        "doctor",
        "documents",
        "exit_codes",
        "import_schema",
        "migrate",
        "roles",
        "schema",
        "secrets",
        "serve",
        "workspaces",
    ]
else:

    def __getattr__(name: str) -> ModuleType:
        """Import a module."""
        try:
            return import_module(f"{__name__}.serving.{name}" if name == "serve" else f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            raise AttributeError(name) from error
