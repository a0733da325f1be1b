"""The operations that were parsed last. One that is needed later is parsed again.

A parsed document is some thousand objects for a thousand characters. The collector of cyclic garbage looks at all
objects at once, with the whole process waiting: a second for the documents of a full plan cache. An operation whose
plan is kept needs its document only for a plan of another shape, or under another model. So the compiler forgets it
with the first plan: otherwise each of many new documents would grow old enough for a full collection.
"""

import threading
from collections import OrderedDict
from typing import Final

from fieldstone.engine.documents.document import DocumentLimits, Operation, parse_operation

MOST_TEXT: Final = 20_000
"""Characters of all documents that are kept parsed, of which the last one is in any case."""


class RecentOperations:
    """Parses documents, and keeps those that were asked for last; any thread may call it.

    Args:
        limits: those of a document.
    """

    def __init__(self, limits: DocumentLimits) -> None:
        self.limits = limits
        self._kept: OrderedDict[tuple[str, str | None], Operation] = OrderedDict()
        self._text = 0
        self._lock = threading.Lock()

    def parse(self, text: str, operation_name: str | None) -> Operation:
        """Return the operation of a document.

        Raises:
            ParseFailed: it is not GraphQL.
            QueryTooComplex: it is past a limit.
            BadUserInput: there is no such operation, or several and no name.
        """
        key = (text, operation_name)
        with self._lock:
            if (kept := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return kept
        operation = parse_operation(text, operation_name, self.limits)
        with self._lock:
            if key not in self._kept:
                self._text += len(text)
            self._kept[key] = operation
            while self._text > MOST_TEXT and len(self._kept) > 1:
                (oldest, _), _ = self._kept.popitem(last=False)
                self._text -= len(oldest)
        return operation

    def forget(self, text: str, operation_name: str | None) -> None:
        """Drop the operation of a document."""
        with self._lock:
            if self._kept.pop((text, operation_name), None) is not None:
                self._text -= len(text)
