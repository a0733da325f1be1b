"""Makes the model of a new workspace that of a template."""

from importlib.resources import files
from typing import Final, NamedTuple

from fieldstone.engine.server.foundation import Foundation
from fieldstone.metadata.errors import UnknownObject
from fieldstone.metadata.model import Snapshot, Workspace
from fieldstone.metadata.scalars import shown
from fieldstone.metadata.schema_file import plan_document
from fieldstone.metadata.schema_file.text import read_document
from fieldstone.metadata.writer.transaction import ModelTransaction

TEMPLATES: Final = ("twenty",)
"""The names of the templates; each is a model file beside this module."""


def require_template(name: str) -> None:
    """Refuse a name that no template has.

    Raises:
        UnknownObject: there is none.
    """
    if name not in TEMPLATES:
        raise UnknownObject(f"there is no template {shown(name)}; --template takes {', '.join(TEMPLATES)}")


async def apply_template(foundation: Foundation, workspace: Workspace, name: str, *, actor: str) -> int:
    """Make the changes from a workspace's model to that of a template, and return their number.

    Raises:
        MetadataError: a change is refused.
        SqlError: the database cannot be had.
    """
    text = files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return (await apply_model_file(foundation, workspace, text, actor=actor)).changes


class Applied(NamedTuple):
    """A model after the changes to that of a file, and the number of these."""

    snapshot: Snapshot
    changes: int


async def apply_model_file(foundation: Foundation, workspace: Workspace, text: str, *, actor: str) -> Applied:
    """Make the changes from a workspace's model to that of a model file, in one transaction.

    Raises:
        MetadataError: a change is refused.
        SqlError: the database cannot be had.
    """
    document = read_document(text)

    async def body(transaction: ModelTransaction) -> Applied:
        builds = plan_document(transaction.snapshot, document)
        for build in builds:
            await transaction.apply(build(transaction.snapshot))
        return Applied(transaction.snapshot, len(builds))

    return await foundation.writer.run(workspace.id, body, actor=actor)
