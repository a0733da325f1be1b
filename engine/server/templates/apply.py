"""Makes the model of a new workspace that of a template."""

from collections.abc import Awaitable, Callable
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


class Applied(NamedTuple):
    """A model after the changes to that of a file, and the number of these."""

    snapshot: Snapshot
    changes: int


ToModel = Callable[[ModelTransaction], Awaitable[Applied]]
"""Makes the changes from the model of a transaction to another one; raises MetadataError where one is refused."""


def read_template(name: str) -> ToModel:
    """Return the changes to the model of a template.

    Raises:
        UnknownObject: there is none of this name.
    """
    if name not in TEMPLATES:
        raise UnknownObject(f"there is no template {shown(name)}; --template takes {', '.join(TEMPLATES)}")
    return _to_model(files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8"))


async def apply_model_file(foundation: Foundation, workspace: Workspace, text: str, *, actor: str) -> Applied:
    """Make the changes from a workspace's model to that of a model file, in one transaction.

    Raises:
        MetadataError: a change is refused.
        SqlError: the database cannot be had.
    """
    return await foundation.writer.run(workspace.id, _to_model(text), actor=actor)


def _to_model(text: str) -> ToModel:
    document = read_document(text)

    async def make(transaction: ModelTransaction) -> Applied:
        builds = plan_document(transaction.snapshot, document)
        for build in builds:
            await transaction.apply(build(transaction.snapshot))
        return Applied(transaction.snapshot, len(builds))

    return make
