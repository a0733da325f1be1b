"""Objects with relations, for tests of what goes with a record."""

from tests.apis import Apis

CREATE_OBJECT = "mutation ($o: CreateObjectInput!) { createObject(input: $o) { id } }"


CREATE_FIELD = "mutation ($f: CreateFieldInput!) { createField(input: $f) { id } }"


def waiting(plural: str, field: str, number: int) -> str:
    """What a refused destruction says."""
    return (
        f"Records of {plural} point to records that would be destroyed, by '{field}': {number}, deleted ones included."
        " Connect them to another record, or destroy them, first."
    )


async def make_object(apis: Apis, name: str) -> str:
    """The id of a new object."""
    given = {"nameSingular": name, "namePlural": f"{name}s", "labelSingular": name, "labelPlural": f"{name}s"}
    return str((await apis.change(CREATE_OBJECT, o=given))["createObject"]["id"])
