"""The claim of an Idempotency-Key: a row that a mutation inserts in its own transaction, and that keeps its answer.

There is no lease and no state beside the row. A second request waits in its own INSERT until the first transaction
ends: if it was committed, the INSERT fails, and the answer can be read; if it was rolled back, because it failed or its
process was killed, the second request has the claim.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from fieldstone.engine.errors import BadUserInput, QueryTooComplex, ServiceUnavailable
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.concurrency.deadlines import is_time_up
from fieldstone.sql.concurrency.share_key import ShareKey
from fieldstone.sql.errors import LockTimeout, StatementTimeout, UniqueViolation
from fieldstone.sql.frozen import frozen
from fieldstone.sql.queries import named_statement
from fieldstone.sql.transaction import Transaction

LONGEST_KEY = 255
"""Characters of an Idempotency-Key."""

LONGEST_ANSWER = 1 << 20
"""Bytes of an answer that is kept."""

_CLAIM = named_statement(__name__, "claim")
_KEEP = named_statement(__name__, "keep_answer")


class SentKey(NamedTuple):
    """The Idempotency-Key of a request, with the index of the operation in a batch.

    Attributes:
        operation_text: stands for the document, if that is not the client's own and may be another one the next time.
        is_ours: whether the server made the key for these variables alone, so that they need not be told from others.
    """

    text: bytes
    operation: int = 0
    operation_text: str | None = None
    is_ours: bool = False

    def read(self) -> str:
        """Return the key.

        Raises:
            BadUserInput: it is empty, too long, or has other characters than the visible ones of ASCII.
        """
        key = self.text.decode("latin-1")
        if not 0 < len(key) <= LONGEST_KEY or not all("!" <= character <= "~" for character in key):
            raise BadUserInput(
                f"The header Idempotency-Key must have 1 to {LONGEST_KEY} visible ASCII characters, for instance a"
                " UUID.",
                field="Idempotency-Key",
            )
        return key


class AlreadyClaimed(Exception):
    """Another mutation with the key was committed."""


@frozen
class Claim:
    """A mutation under its key.

    Attributes:
        body: the SHA-256 of the operation as it was sent, in hex.
        share: the share of the database's connections that its statements count for, as those of its sender do.
    """

    workspace_id: UUID
    api_key_id: UUID
    key: str
    operation: int
    body: str
    share: ShareKey

    @property
    def place(self) -> dict[str, UUID | str | int]:
        """The primary key of its row."""
        return {
            "workspace_id": self.workspace_id,
            "api_key_id": self.api_key_id,
            "key": self.key,
            "operation": self.operation,
        }


def build_claim(
    principal: Principal, sent: SentKey, query: str, operation_name: str | None, variables: Mapping[str, JsonValue]
) -> Claim:
    """Return the claim of a mutation.

    Raises:
        BadUserInput: the key cannot be one.
    """
    key = sent.read()
    # Under another role, or with other values, it is another mutation.
    said = query if sent.operation_text is None else sent.operation_text
    given = {} if sent.is_ours else variables
    text = dumps(_ordered([said, operation_name, given, str(principal.role), principal.claims]))
    return Claim(
        workspace_id=principal.workspace_id,
        api_key_id=principal.subject_id,
        key=key,
        operation=sent.operation,
        body=sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        share=principal.share,
    )


def _ordered(value: JsonValue) -> JsonValue:
    """Return a value with the members of its objects in the order of their names: a retry may have another one."""
    match value:
        case Mapping():
            return {name: _ordered(value[name]) for name in sorted(value)}
        case list():
            return [_ordered(item) for item in value]
        case _:
            return value


@frozen
class Keeping:
    """The claim within its mutation's transaction.

    Attributes:
        write: makes the response's body from the mutation's data.
    """

    claim: Claim
    write: Callable[[bytes], bytes]

    async def begin(self, transaction: Transaction) -> None:
        """Claim the key, as the transaction's first statement.

        Raises:
            AlreadyClaimed: another mutation with the key was committed.
            ServiceUnavailable: another one did not end in the statement's time.
            StatementTimeout: the client's time is up.
        """
        try:
            await transaction.run(*_CLAIM.bind(**self.claim.place, body=self.claim.body))
        except UniqueViolation:
            raise AlreadyClaimed from None
        except (LockTimeout, StatementTimeout):
            if is_time_up():
                raise
            raise ServiceUnavailable(
                "A request with this Idempotency-Key still runs: send the request again in a moment."
            ) from None

    async def end(self, transaction: Transaction, data: bytes) -> None:
        """Keep the answer, as the transaction's last statement.

        Raises:
            QueryTooComplex: the answer is too long to be kept.
        """
        answer = self.write(data)
        if len(answer) > LONGEST_ANSWER:
            raise QueryTooComplex(
                f"The answer has {len(answer):,} bytes, and that of a mutation with an Idempotency-Key may have"
                f" {LONGEST_ANSWER:,}, since it is kept; nothing was written. Select fewer fields."
            )
        await transaction.run(*_KEEP.bind(**self.claim.place, answer=answer))
