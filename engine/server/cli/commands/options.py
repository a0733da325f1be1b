"""Arguments and options that several commands have."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Workspace: TypeAlias = Annotated[str, typer.Option("--workspace", help="The workspace's name.")]
ModelFile: TypeAlias = Annotated[Path, typer.Argument(help="A file such as `fieldstone schema export` writes.")]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Prune: TypeAlias = Annotated[
    bool,
    typer.Option("--prune", help="Delete objects, fields and indexes that the file does not have, with their records."),
]
