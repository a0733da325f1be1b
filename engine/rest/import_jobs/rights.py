"""The principal of a job: found again before each batch, by the credential that it was started with."""

from fieldstone.engine.errors import BadUserInput, Forbidden
from fieldstone.engine.identity.credential import Credential, CredentialKind, Presented
from fieldstone.engine.identity.identity import Identity
from fieldstone.engine.rest.import_jobs.job import ImportJob
from fieldstone.metadata.roles.networks import read_address
from fieldstone.metadata.roles.principal import Principal


def require_lasting(presented: Presented) -> None:
    """Refuse a request whose principal cannot be found again once it has ended.

    Raises:
        Forbidden: it has a token of an identity provider, or nothing.
        BadUserInput: it acts as another one.
    """
    if presented.credential is None or presented.credential.kind is CredentialKind.TOKEN:
        raise Forbidden(
            "An import job goes on behind its request, so it needs an API key or a session: a token can only send its"
            " file to an address such as /rest/people.csv."
        )
    if presented.acts_as is not None:
        raise BadUserInput(
            "An import job has the rights of its key: send it without X-Fieldstone-Role and X-Fieldstone-Principal.",
            field="X-Fieldstone-Role",
        )


async def find_principal(identity: Identity, job: ImportJob) -> Principal:
    """Return the principal of a job as it is now; raises ApiError where it is valid no more."""
    row = job.row
    kind, hash_ = CredentialKind(row["credential_kind"]), bytes.fromhex(row["credential_hash"].removeprefix("\\x"))
    address = None if row["address"] is None else read_address(row["address"])
    return await identity.resolve(Presented(Credential(kind, hash_), address))
