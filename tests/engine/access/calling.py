"""An app in this process that is called as drawn roles."""

import json
from dataclasses import replace

from hypothesis import assume

from fieldstone.metadata.access.view import view_of
from fieldstone.metadata.model import Snapshot
from tests.apis import WORKSPACE_ID
from tests.eager_schema import eager_schema
from tests.engine.server.calling import Caller
from tests.engine.server.conftest import StartApp
from tests.reference import load_rows
from tests.role_strategies import DrawnRole


class RoleCaller(Caller):
    """Calls an app as a role that is in no catalog."""

    def __init__(self, start_app: StartApp, dsn: str) -> None:
        super().__init__(start_app, database_url=dsn)
        services = self._runner.run(self._app.runtime.ready())
        self._current = services.foundation.current
        self.snapshot = self._runner.run(self._current.get(WORKSPACE_ID))
        self.schema = eager_schema(self.snapshot)
        self.rows = load_rows(dsn, self.snapshot)
        self.ids = sorted(id_ for rows in self.rows.values() for id_ in rows)
        self._version = self.snapshot.version

    def act_as(self, drawn: DrawnRole) -> Snapshot:
        """Give the model the role, act as it from now on, and return its view."""
        self._version += 1
        known = {role.id: role for role in (*drawn.parents, drawn.role)}
        snapshot = replace(self.snapshot, version=self._version, roles={**self.snapshot.roles, **known})
        assert self._current.publish(snapshot)
        values = json.dumps(drawn.claims)
        assume(len(values) < 8_192)
        self._client.headers["accept"] = "application/problem+json, application/json, text/csv"
        self._client.headers.update({"X-Fieldstone-Role": drawn.role.name, "X-Fieldstone-Principal": values})
        return view_of(snapshot, drawn.role.id)
