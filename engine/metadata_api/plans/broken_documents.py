"""The trusted documents that a change of the model would make invalid, by client."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import accumulate
from typing import NamedTuple
from uuid import UUID

from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode

from fieldstone.engine.documents.document import Operation, parse_document
from fieldstone.engine.documents.portions import portions
from fieldstone.engine.documents.validation import validate_operation
from fieldstone.engine.errors import ApiError
from fieldstone.engine.metadata_api.plans.broken_operations import MOST_REASONS, show_reasons
from fieldstone.engine.metadata_api.plans.document_faults import find_fault
from fieldstone.engine.request.compile import Limits
from fieldstone.engine.request.compiler import limited
from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.engine.work_thread import WorkThread
from fieldstone.metadata.access.limits import role_limits
from fieldstone.metadata.access.role_checks import required_fields
from fieldstone.metadata.access.view import find_view
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.dependencies import Dependencies
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.role import NO_LIMITS, RoleLimits
from fieldstone.metadata.workspaces.trusted_documents import TrustedDocument, list_documents

MOST_CHARACTERS = 2_000_000
"""Of the documents that are held against the model to be: some eight seconds of the work thread."""


class BrokenDocuments(NamedTuple):
    """The documents that would break, as the API shows them, and the number of those that were not looked at."""

    broken: list[JsonValue]
    unchecked: int


class DocumentSearch:
    """The search among the trusted documents of a workspace for those that a model refuses.

    Args:
        work: the thread in which they are validated.
        limits: the limits of a request.
        relay: that of their schema.
    """

    def __init__(self, work: WorkThread, limits: Limits, *, relay: bool) -> None:
        self._work = work
        self._find = partial(find_invalid, limits=limits, relay=relay)

    async def find_broken(self, connection: Session, before: Snapshot, after: Snapshot) -> BrokenDocuments:
        """Return the documents that are valid under the first model and not under the second one."""
        listed = await list_documents(connection, after.workspace.id)
        roles = {document.role_id for document in listed}
        touched = {role_id for role_id in roles if _is_touched(before, after, role_id)}
        return await self.find_invalid([one for one in listed if one.role_id in touched], after, before)

    async def find_invalid(
        self, documents: Sequence[TrustedDocument], model: Snapshot, before: Snapshot | None = None
    ) -> BrokenDocuments:
        """Return the documents that are not valid under a model, but for those that the model before refuses too."""
        broken: list[JsonValue] = []
        unchecked = len(documents)
        for portion in portions(_limited(documents), lambda document: document.text):
            broken += await self._work.run(model.workspace.id, partial(self._check, portion, model, before))
            unchecked -= len(portion)
        return BrokenDocuments(broken, unchecked)

    def _check(self, documents: Sequence[TrustedDocument], model: Snapshot, before: Snapshot | None) -> list[JsonValue]:
        """Return the documents that a model refuses, without those that the model before refuses too."""
        return [
            _show(document, reasons)
            for document in documents
            if (reasons := self._find(document, model)) and not (before and self._find(document, before))
        ]


def find_invalid(document: TrustedDocument, snapshot: Snapshot, limits: Limits, *, relay: bool) -> list[str]:
    """Return the first reasons for which a document is refused as its role sees a model, without its values.

    It is not valid, or refused whatever its variables are: it costs more than the role may spend, for instance.
    """
    view = find_view(snapshot, document.role_id)
    if view is None:
        return ["The role of its client does not exist."]
    try:
        parsed = parse_document(document.text, limits.document)
    except ApiError as error:
        return [error.message]
    schema = lazy_schema(view, relay=relay)
    records = limited(limits.records, _find_limits(snapshot, document.role_id))
    for operation in _operations_of(parsed):
        if errors := validate_operation(schema, operation):
            return show_reasons(operation, errors[:MOST_REASONS])
        if fault := find_fault(operation, view, schema, records):
            return show_reasons(operation, [fault])
    return []


def _show(document: TrustedDocument, reasons: list[str]) -> JsonValue:
    return {
        "client": document.client,
        "documentId": document.document_id,
        "operation": document.operation_name,
        "reasons": reasons,
    }


def _find_limits(snapshot: Snapshot, role_id: UUID | None) -> RoleLimits:
    return NO_LIMITS if role_id is None else role_limits(snapshot, role_id)


def _is_touched(before: Snapshot, after: Snapshot, role_id: UUID | None) -> bool:
    """Return whether documents of a role may be refused: they are not where objects only get more optional fields."""
    one, other = find_view(before, role_id), find_view(after, role_id)
    if one is None or other is None or _find_limits(before, role_id) != _find_limits(after, role_id):
        return True
    return not Dependencies(objects=one.objects, may_grow=True).hold(other) or any(
        [*required_fields(object_)] != [*required_fields(other.objects[id_])] for id_, object_ in one.objects.items()
    )


def _operations_of(document: DocumentNode) -> Iterator[Operation]:
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            yield Operation(document=document, definition=node, fragments=fragments)


def _limited(documents: Sequence[TrustedDocument]) -> Iterator[TrustedDocument]:
    """Yield the documents up to the limit of their characters."""
    totals = accumulate(len(document.text) for document in documents)
    return (document for document, total in zip(documents, totals, strict=True) if total <= MOST_CHARACTERS)
