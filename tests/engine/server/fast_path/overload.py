"""A workspace whose operations would wait too long."""

from fieldstone.engine.server.foundation import Foundation
from fieldstone.sql.concurrency.share_key import ShareKey
from tests.engine.server.fast_path.talking import PEOPLE, Serving, Talk, until_waiting
from tests.waiting import until

PATIENCE = 25
"""Milliseconds."""


async def stand_still(serving: Serving, dsn: str, talks: list[Talk]) -> None:
    """Have the statements of a workspace wait for a lock until further ones would wait too long."""
    foundation = (await serving.app.runtime.ready()).foundation
    for talk in talks:
        talk.send(talk.request(PEOPLE, n="Ada"))
    await until_waiting(dsn)
    await until(lambda: foundation.database.stats().waiting == len(talks) - 1)
    share = share_of_only_key(foundation)
    await until(lambda: foundation.database.is_late(share, 0, PATIENCE / 1000, is_first=True))


def share_of_only_key(foundation: Foundation) -> ShareKey:
    """Return the share of the only key of the default workspace that has sent statements."""
    workspace = foundation.default.workspace.id.int
    (key,) = foundation.database._pool._shares.find(workspace).keys
    return ShareKey(workspace, key)


def overloaded(answer_json: object) -> str:
    """Return the code of a refusal, in the form of GraphQL or of REST."""
    assert isinstance(answer_json, dict)
    if "errors" not in answer_json:
        assert answer_json["detail"].startswith("The server is overloaded")
        return str(answer_json["code"])
    (error,) = answer_json["errors"]
    assert error["message"].startswith("The server is overloaded")
    assert "path" not in error
    return str(error["extensions"]["code"])
