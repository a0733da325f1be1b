"""The author of a job's work: its principal is found again before each batch, by the credential that has started it."""

from typing import Any, Final, NamedTuple
from uuid import UUID

from fieldstone.engine.errors import Forbidden
from fieldstone.engine.identity.credential import Credential, CredentialKind, Presented
from fieldstone.engine.identity.identity import Identity
from fieldstone.engine.identity.impersonation import ActsAs
from fieldstone.engine.identity.remembered_tokens import read_remembered, remember
from fieldstone.engine.rest.import_jobs.job import ImportJob
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.roles.networks import read_address
from fieldstone.metadata.roles.principal import Principal

_ACTING: Final = "ACTING_"
"""Before the kind of a credential that acts as another principal: an older release refuses such a job."""


class Owner(NamedTuple):
    """The principal that has made a job: its subject, and the role and values as which it acts."""

    subject_id: UUID
    acts_as: str | None


def owner_of(principal: Principal) -> Owner:
    """Return the owner of the jobs that a principal starts."""
    if principal.acts_as is None:
        return Owner(principal.subject_id, None)
    values = {name: principal.claims[name] for name in sorted(principal.claims)}
    return Owner(principal.subject_id, dumps({"role": principal.acts_as, "values": values}))


def require_lasting(presented: Presented) -> None:
    """Refuse a request whose principal cannot be found again once it has ended; raises Forbidden."""
    if presented.credential is None:
        raise Forbidden(
            "An import job goes on behind its request and is shown to its owner alone, so it needs an API key, a"
            " session or a token: visitors can only send a file to an address such as /rest/people.csv."
        )


async def describe_author(identity: Identity, principal: Principal, presented: Presented) -> dict[str, Any]:
    """Return the columns of a job that say whose rights count, and how these are found again.

    Raises:
        Forbidden: nothing can be found again.
        Unauthenticated: the token has ended meanwhile.
    """
    require_lasting(presented)
    credential = presented.credential or Credential(CredentialKind.KEY, b"")
    token = None
    if credential.kind is CredentialKind.TOKEN:
        token = remember(await identity.tokens.verify(credential.token)).write()
    owner = owner_of(principal)
    return {
        "subject": owner.subject_id,
        "subject_name": principal.name,
        "kind": credential.kind.value if owner.acts_as is None else _ACTING + credential.kind.value,
        "hash": credential.hash.hex(),
        "address": None if presented.address is None else str(presented.address),
        "token": token,
        "acts_as": owner.acts_as,
    }


async def find_principal(identity: Identity, job: ImportJob) -> Principal:
    """Return the principal of a job as it is now; raises ApiError where it is valid no more."""
    row = job.row
    kind = CredentialKind(row["credential_kind"].removeprefix(_ACTING))
    acts_as = None if row["acts_as"] is None else _read_acts_as(loads(row["acts_as"]))
    if kind is CredentialKind.TOKEN:
        return await identity.recall(read_remembered(row["token"]), job.workspace_id, acts_as)
    hash_ = bytes.fromhex(row["credential_hash"].removeprefix("\\x"))
    address = None if row["address"] is None else read_address(row["address"])
    return await identity.resolve(Presented(Credential(kind, hash_), address, acts_as=acts_as))


def _read_acts_as(given: JsonValue) -> ActsAs:
    return ActsAs(given["role"].encode(), dumps(given["values"]).encode())
