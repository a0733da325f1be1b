"""The subcommands of `fieldstone`.

The modules with their work are attributes of this package, each imported when it is first asked for.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from fieldstone.engine.server.cli.garbage import kept_objects

if TYPE_CHECKING:
    from fieldstone.engine.server.cli import (
        api_keys,
        doctor,
        documents,
        exit_codes,
        import_schema,
        roles,
        schema,
        secrets,
        sql_roles,
        workspaces,
    )
    from fieldstone.engine.server.cli.placement import places
    from fieldstone.engine.server.cli.serving import announcement, sample_data, serve, start
    from fieldstone.engine.server.cli.supervisor import supervise
    from fieldstone.engine.server.cli.transfers import files
    from fieldstone.engine.server.cli.upkeep import backups, migrate, status

    __all__ = [
        "announcement",
        "api_keys",
        "backups",
        "doctor",
        "documents",
        "exit_codes",
        "files",
        "import_schema",
        "migrate",
        "places",
        "roles",
        "sample_data",
        "schema",
        "secrets",
        "serve",
        "sql_roles",
        "start",
        "status",
        "supervise",
        "workspaces",
    ]
else:

    def __getattr__(name: str) -> ModuleType:
        """Import a module, whose objects are here to stay."""
        rooms = {
            "announcement": "serving",
            "backups": "upkeep",
            "files": "transfers",
            "migrate": "upkeep",
            "places": "placement",
            "sample_data": "serving",
            "serve": "serving",
            "start": "serving",
            "status": "upkeep",
            "supervise": "supervisor",
        }
        room = rooms.get(name)
        try:
            with kept_objects():
                return import_module(f"{__name__}.{name}" if room is None else f"{__name__}.{room}.{name}")
        except ModuleNotFoundError as error:
            raise AttributeError(name) from error
