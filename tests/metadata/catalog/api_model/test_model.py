"""metadata/catalog/api_model/model.py: the model of the catalog's tables against the tables."""

import pytest

from fieldstone.metadata.catalog.api_model.model import catalog_snapshot
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.model import Workspace, relation_end
from fieldstone.sql.types import SqlType
from tests.metadata.desk import Desk, columns_of

_VIEWS = {"apiKey", "object", "relation", "role", "session", "trustedDocument", "webhook"}
HERE = Workspace(id=new_id(), name="here", schema="workspace_here")
THERE = Workspace(id=new_id(), name="there", schema="workspace_there")


@pytest.mark.long
async def test_every_part_is_a_column_of_its_type(desk: Desk, model_dsn: str) -> None:
    for object_ in catalog_snapshot(HERE).objects.values():
        columns = columns_of(model_dsn, object_.table.schema, object_.table.name)
        assert object_.owner is not None
        assert columns[object_.owner.name][0] == "uuid"
        for field in object_.fields:
            for part in field.parts:
                type_, nullable, _ = columns[part.column.name]
                written = type_.replace("timestamp with time zone", "timestamptz").replace("ARRAY", "text[]")
                assert written == part.column.type.value
                # A view's columns may all be NULL, as far as PostgreSQL says.
                assert not nullable or part.column.nullable or object_.name_singular in _VIEWS


def test_the_relations_lead_where_they_say() -> None:
    snapshot = catalog_snapshot(HERE)
    ends = {
        f"{object_.name_singular}.{field.name}": (
            f"{end.target.name_singular}.{end.target_field.name}",
            end.to_one,
            end.foreign_key.column.name,
        )
        for object_ in snapshot.objects.values()
        for field in object_.fields
        if field.type is FieldType.RELATION and (end := relation_end(snapshot, field))
    }
    assert ends == {
        "object.fields": ("field.object", False, "object_id"),
        "object.indexes": ("index.object", False, "object_id"),
        "field.object": ("object.fields", True, "object_id"),
        "field.relation": ("relation.id", True, "id"),
        "relation.sourceObject": ("object.id", True, "source_object_id"),
        "relation.sourceField": ("field.id", True, "field_id"),
        "relation.targetObject": ("object.id", True, "target_object_id"),
        "relation.targetField": ("field.id", True, "target_field_id"),
        "index.object": ("object.indexes", True, "object_id"),
        "webhook.deliveries": ("webhookDelivery.webhook", False, "webhook_id"),
        "webhookDelivery.webhook": ("webhook.deliveries", True, "webhook_id"),
        "webhookDelivery.tries": ("webhookTry.delivery", False, "delivery_id"),
        "webhookTry.delivery": ("webhookDelivery.tries", True, "delivery_id"),
    }


def test_workspaces_share_the_objects() -> None:
    here, there = catalog_snapshot(HERE), catalog_snapshot(THERE)
    assert here.workspace is HERE
    assert here.objects is there.objects


def test_a_tokens_hash_cannot_be_read() -> None:
    api_key = catalog_snapshot(HERE).by_singular["apiKey"]
    names = [
        "id",
        "name",
        "prefix",
        "createdAt",
        "role",
        "claims",
        "createdByKey",
        "expiresAt",
        "revokedAt",
        "lastUsedAt",
        "networks",
    ]
    assert [field.name for field in api_key.fields] == names
    assert all(
        part.column.type in {SqlType.UUID, SqlType.TEXT, SqlType.TIMESTAMP}
        for f in api_key.fields
        for part in f.parts
        if f.name not in {"claims", "networks"}
    )


def test_what_a_webhook_signs_with_cannot_be_read() -> None:
    columns = {
        part.column.name
        for name in ("webhook", "webhookDelivery")
        for field in catalog_snapshot(HERE).by_singular[name].fields
        for part in field.parts
    }
    assert {"target_url", "response_body"} < columns
    assert columns & {"secret", "claim"} == set()


def test_a_fields_type_is_one_of_all() -> None:
    kind = catalog_snapshot(HERE).by_singular["field"].by_name["type"]
    assert [option.value for option in kind.options] == [field_type.value for field_type in FieldType]
