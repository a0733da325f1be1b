"""Any query in one workspace, with the ids of another one: the answer is that of the oracle, which knows no other."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.workspaces.registry import Workspaces
from tests.apis import PRINCIPAL, Served, sample_template, serve
from tests.databases import Databases
from tests.operations import examples, queries
from tests.reference import Reference, load_rows
from tests.reference_values import agree

pytestmark = pytest.mark.long

_CREATE = "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }"


class Two:
    """The engine over two workspaces with the same objects, and the oracle over the second one alone.

    Attributes:
        ids: those of records of the first one, and the few of the second one.
    """

    def __init__(self, served: Served, dsn: str) -> None:
        self.served = served
        first = served.snapshot()
        self.theirs = load_rows(dsn, first)
        workspaces = Workspaces(served.apis.database, served.apis.current, trigram=None)
        second = served.run(workspaces.create("other", actor="test"))
        self.principal = replace(PRINCIPAL, workspace_id=second.workspace.id)
        people = [row for rows in self.theirs.values() for row in rows.values() if "email" in row][:6]
        assert len(people) == 6
        # The same addresses, and the same ids: a key that is looked up in the wrong table would be found.
        given_data = [{"id": row["id"], "email": row["email"], "city": "Elsewhere"} for row in people]
        assert "errors" not in self.ask(_CREATE, {"data": given_data})
        snapshot = served.run(served.apis.current.get(second.workspace.id))
        self.reference = Reference(snapshot, load_rows(dsn, snapshot))
        self.ids = sorted({id_ for rows in self.theirs.values() for id_ in list(rows)[:40]} | {p["id"] for p in people})

    def ask(self, text: str, variables: dict[str, Any]) -> Any:
        """Return the answer to an operation of the second workspace."""
        return ask_as(self.served, self.principal, text, variables)


def ask_as(served: Served, principal: Principal, text: str, variables: dict[str, Any]) -> Any:
    """Return the answer to an operation of a principal."""
    request = GraphQLRequest(query=text, operation_name=None, variables=variables)
    return loads(served.run(served.apis.core.execute(principal, request, allow_mutation=True)).body)


@pytest.fixture(scope="module")
def two(databases: Databases) -> Iterator[Two]:
    with databases.clone(sample_template(databases)) as dsn:
        for served in serve(dsn):
            made = Two(served, dsn)
            yield made
            # Nothing that the second workspace has asked has touched the first one.
            assert load_rows(dsn, served.snapshot()) == made.theirs


@given(data=st.data())
@examples(150)
def test_any_query_with_the_ids_of_another_workspace(two: Two, data: st.DataObject) -> None:
    operation = data.draw(queries(two.reference.schema, two.ids))
    for lift in (False, True):
        text, variables = operation.write(lift=lift)
        note(f"{text}\n{variables}")
        actual, expected = two.ask(text, variables), two.reference.ask(text, variables)
        assert agree(actual.get("data"), expected.get("data")), f"{actual}\n{expected}"


@given(data=st.data())
@examples(60)
def test_writes_with_the_ids_of_another_workspace_find_nothing(two: Two, data: st.DataObject) -> None:
    id_ = data.draw(st.sampled_from([one for one in two.ids if UUID(one) not in _own(two)]))
    text = data.draw(
        st.sampled_from(
            [
                'mutation ($id: UUID!) { updatePerson(id: $id data: { city: "x" }) { id } }',
                'mutation ($id: UUID!) { updateCompany(id: $id data: { name: "x" }) { id } }',
                "mutation ($id: UUID!) { deleteOpportunity(id: $id) { id } }",
                "mutation ($id: UUID!) { destroyCompany(id: $id) { id } }",
                "mutation ($id: UUID!) { restoreActivity(id: $id) { id } }",
                'mutation ($id: UUID!) { createPerson(data: { email: "new@example.com" companyId: $id }) { id } }',
                "mutation ($id: UUID!) { createOpportunity(data: { company: { connect: $id } }) { id } }",
            ]
        )
    )
    answer = two.ask(text, {"id": id_})
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_FOUND"], answer


def _own(two: Two) -> set[UUID]:
    return {UUID(id_) for rows in two.reference.rows.values() for id_ in rows}
