"""Any export has the records of the GraphQL request for the same filter and order, in both formats."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.engine.errors import ApiError
from fieldstone.engine.rest.export_addresses import ExportAddress, Format
from fieldstone.engine.rest.exports.export import Export
from fieldstone.engine.rest.parameters import Parameters
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.model import Object
from tests.apis import PRINCIPAL, Served
from tests.engine.rest.exports.exporting import SmallPages, is_shown, read_csv
from tests.engine.rest.pages import Pages, said_by_rest, write_conditions, write_order
from tests.operations import examples
from tests.reference import Reference

pytestmark = pytest.mark.long


def export(served: Served, object_: Object, format_: Format, parameters: Mapping[str, str]) -> str:
    """The file of an export, whose pages are never larger than three records."""

    async def read() -> bytes:
        address = ExportAddress(object_.name_plural, format_)
        api = SmallPages(served.apis.core)
        one = Export(api, served.apis.work, PRINCIPAL, address, Parameters(parameters))
        found, before = [], 0
        while not one.is_over:
            found.append(await one.read_next())
            assert one.records - before <= 3
            before = one.records
        return b"".join(found)

    return served.run(read()).decode()


@given(data=st.data())
@examples(60)
def test_any_export(served: Served, reference: Reference, data: st.DataObject) -> None:
    pages = Pages(served, reference.schema)
    object_ = data.draw(st.sampled_from(list(pages.snapshot.by_plural.values())))
    filter_, orders = data.draw(said_by_rest(reference, object_))
    filter_ = filter_ if data.draw(st.booleans()) else {}
    limit = data.draw(st.sampled_from([None, None, 4]))
    parameters = {"filter": ",".join(write_conditions(filter_)), "order_by": write_order(orders), "limit": limit}
    texts = {name: str(value) for name, value in parameters.items() if value}
    expected = pages.by_graphql(object_, 0, filter=filter_ or None, orderBy=orders or None, first=limit or 200)
    if isinstance(expected, str):
        try:
            export(served, object_, Format.JSONL, texts)
        except ApiError as error:
            assert error.code == expected
            return
        raise AssertionError(expected)
    assert limit or not expected["pageInfo"]["hasNextPage"]
    records = expected["data"][object_.name_plural]
    assert [loads(line) for line in export(served, object_, Format.JSONL, texts).split("\n")[:-1]] == records
    shown = read_csv(export(served, object_, Format.CSV, texts), object_)
    assert len(shown) == len(records)
    for cells, record in zip(shown, records, strict=True):
        assert [*cells] == [*record]
        assert all(is_shown(cells[name], value) for name, value in record.items()), (cells, record)
