"""Every transport shows a role the records that the Core API shows it, which the matrix holds to its oracle."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import assume, given, note
from hypothesis import strategies as st

from fieldstone.engine.rest.selection import select_record
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.model import Object, Snapshot
from tests.databases import Databases
from tests.engine.access.calling import RoleCaller
from tests.engine.rest.exports.exporting import is_shown, read_csv
from tests.engine.rest.pages import Pages, as_rest, said_by_rest, write_conditions, write_order
from tests.engine.server.conftest import StartApp
from tests.operations import examples
from tests.reference import Reference
from tests.role_strategies import roles
from tests.specimens import specimen_template

pytestmark = pytest.mark.long


@dataclass
class HttpPages(Pages):
    """Asks an app for pages of an object in both ways."""

    call: RoleCaller
    snapshot: Snapshot

    def __post_init__(self) -> None:
        self.cursors = {}

    def _find(self, object_: Object, query: str) -> Any:
        answer = self.call("GET", f"/rest/{object_.name_plural}?{query}")
        found = loads(answer.text)
        return found if answer.status_code == 200 else found["code"]

    def _ask(self, text: str, variables: Mapping[str, Any]) -> Any:
        sent = {"query": text, "variables": variables}
        answer = self.call("POST", "/graphql", json=sent).text
        streamed = self.call("POST", "/graphql", json=sent, headers={"accept": "text/event-stream"}).text
        assert streamed == f"event: next\ndata: {answer}\n\nevent: complete\ndata:\n\n"
        return loads(answer)


@pytest.fixture
def call(start_app: StartApp, databases: Databases) -> Iterator[RoleCaller]:
    with databases.clone(specimen_template(databases)) as dsn:
        caller = RoleCaller(start_app, dsn)
        try:
            yield caller
        finally:
            caller.close()


@given(data=st.data())
@examples(30)
def test_any_transport_of_any_role(call: RoleCaller, data: st.DataObject) -> None:
    drawn = data.draw(roles(call.snapshot, call.schema, call.ids))
    view = call.act_as(drawn)
    assume(view.readable)
    pages = HttpPages(call, view)
    object_ = data.draw(st.sampled_from([*view.readable.values()]))
    filter_, orders = data.draw(said_by_rest(Reference(view, call.rows), object_))
    note(f"{drawn}\n{object_.name_plural} {filter_} {orders}")
    # With a limit: a role that may not count exports one page alone in an order that no index serves.
    parameters = {"filter": ",".join(write_conditions(filter_)), "order_by": write_order(orders), "limit": 200}
    parameters = {name: value for name, value in parameters.items() if value}
    expected = pages.by_graphql(object_, 1, filter=filter_ or None, orderBy=orders or None, first=200)
    assert pages.by_rest(object_, {**parameters, "depth": 1}) == expected
    records = pages.by_graphql(object_, 0, filter=filter_ or None, orderBy=orders or None, first=200)
    exported = call("GET", f"/rest/{object_.name_plural}.csv", params=parameters)
    if isinstance(records, str):
        assert exported.json()["code"] == records
    else:
        _check_file(exported.text, object_, records["data"][object_.name_plural])
    _check_one(call, pages, object_, data.draw(st.sampled_from(call.ids)))
    _check_one(call, pages, object_, data.draw(st.sampled_from(sorted(call.rows[object_.id]))))


def _check_file(text: str, object_: Object, records: list[Any]) -> None:
    shown = read_csv(text, object_)
    assert len(shown) == len(records)
    for cells, record in zip(shown, records, strict=True):
        assert [*cells] == [*record]
        assert all(is_shown(cells[name], value) for name, value in record.items()), (cells, record)


def _check_one(call: RoleCaller, pages: HttpPages, object_: Object, id_: str) -> None:
    record = select_record(pages.snapshot, object_, 1, largest_page=200)
    text = f"query ($id: UUID!) {{ one: {object_.name_singular}(id: $id) {{ {record} }} }}"
    expected = pages._ask(text, {"id": id_})
    answer = call("GET", f"/rest/{object_.name_plural}/{id_}", params={"depth": 1})
    if "errors" in expected:
        assert answer.json()["code"] == expected["errors"][0]["extensions"]["code"]
    elif expected["data"]["one"] is None:
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    else:
        assert loads(answer.text)["data"] == {object_.name_singular: as_rest(expected["data"]["one"])}
