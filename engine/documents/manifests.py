"""Manifests of documents, as the build tools of clients write them: JSON of the documents by their ids.

Apollo            {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id" "body" ..}]}
Relay             {id: text}, `persisted_queries.json`
graphql-codegen   {id: text}, `persisted-documents.json` of its client preset
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from graphql import OperationDefinitionNode

from fieldstone.engine.documents.document import DocumentLimits, parse_document
from fieldstone.engine.errors import ApiError, BadUserInput
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.workspaces.trusted_documents import ID_FORM, LONGEST_ID, MOST_DOCUMENTS, NewDocument

_APOLLO: Final = "apollo-persisted-query-manifest"


def read_manifest(manifest: JsonValue, limits: DocumentLimits) -> Mapping[str, NewDocument]:
    """Return the documents of a manifest, by their ids; it raises as `read_texts` and `read_documents` do."""
    return read_documents(read_texts(manifest).items(), limits)


def read_texts(manifest: JsonValue) -> Mapping[str, str]:
    """Return the texts of a manifest's documents by their ids, none of them parsed.

    Raises:
        BadUserInput: it is no manifest, has too many documents, or an id is not allowed or comes twice with different
            texts.
    """
    found: dict[str, str] = {}
    for id_, text in _entries(manifest):
        if not isinstance(id_, str) or not ID_FORM.fullmatch(id_):
            raise _refusal(f"the id {id_!r:.60} is not a text of 1 to {LONGEST_ID} visible ASCII characters")
        if not isinstance(text, str):
            raise _refusal(f"the document of the id {id_} must be a text")
        if found.setdefault(id_, text) != text:
            raise _refusal(f"the id {id_} stands for two documents")
    if not found:
        raise _refusal("it has no document")
    return found


def read_documents(texts: Iterable[tuple[str, str]], limits: DocumentLimits) -> Mapping[str, NewDocument]:
    """Return the documents of ids and texts, by their ids.

    Raises:
        BadUserInput: a text is no document within the limits.
    """
    return {id_: NewDocument(text=text, operation_name=_read_name(id_, text, limits)) for id_, text in texts}


def _entries(manifest: JsonValue) -> Iterator[tuple[JsonValue, JsonValue]]:
    """Yield the ids and the texts of a manifest."""
    if not isinstance(manifest, Mapping):
        raise _refusal(f"it must be a JSON object: one of the format {_APOLLO}, or texts by their ids")
    if "format" not in manifest and "operations" not in manifest:
        _require_few(manifest)
        yield from manifest.items()
        return
    if manifest.get("format") != _APOLLO or manifest.get("version") != 1:
        raise _refusal(f"its format must be {_APOLLO}, version 1")
    operations = manifest.get("operations")
    if not isinstance(operations, list):
        raise _refusal("'operations' must be a list")
    _require_few(operations)
    for operation in operations:
        if not isinstance(operation, Mapping):
            raise _refusal("an operation must be a JSON object with an 'id' and a 'body'")
        yield operation.get("id"), operation.get("body")


def _require_few(entries: Collection[JsonValue]) -> None:
    if len(entries) > MOST_DOCUMENTS:
        raise _refusal(f"it has {len(entries)} documents, and a workspace has at most {MOST_DOCUMENTS}")


def _read_name(id_: str, text: str, limits: DocumentLimits) -> str | None:
    """Return the name of a document's only operation."""
    try:
        document = parse_document(text, limits)
    except ApiError as error:
        raise _refusal(f"the document of the id {id_} cannot be served: {error.message.rstrip('.')}") from None
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if not operations:
        raise _refusal(f"the document of the id {id_} has no operation")
    name = operations[0].name
    return name.value if name is not None and len(operations) == 1 else None


def _refusal(reason: str) -> BadUserInput:
    return BadUserInput(f"The manifest cannot be imported: {reason}.", field="manifest")
