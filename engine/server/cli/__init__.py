"""The subcommands of `fieldstone`.

The modules with their work are attributes of this package, each imported when it is first asked for.
"""

import gc
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
        """Import a module; no collection looks meanwhile through objects that are all here to stay."""
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
        is_on = gc.isenabled()
        gc.disable()
        try:
            return import_module(f"{__name__}.{name}" if room is None else f"{__name__}.{room}.{name}")
        except ModuleNotFoundError as error:
            raise AttributeError(name) from error
        finally:
            if is_on:
                # The first collection would look through all of them.
                gc.freeze()
                gc.enable()
