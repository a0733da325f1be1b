-- The end at hand of a relation beside the other one: its object and its field.
CREATE OR REPLACE VIEW fieldstone.field_relation AS
    SELECT relation.source_field_id AS field_id, relation.workspace_id,
        CASE WHEN source.is_unique THEN 'ONE_TO_ONE' ELSE 'MANY_TO_ONE' END AS type,
        relation.target_object_id, relation.target_field_id, relation.source_object_id
    FROM fieldstone.relation JOIN fieldstone.field AS source ON source.id = relation.source_field_id
    UNION ALL
    SELECT relation.target_field_id, relation.workspace_id,
        CASE WHEN source.is_unique THEN 'ONE_TO_ONE' ELSE 'ONE_TO_MANY' END,
        relation.source_object_id, relation.source_field_id, relation.target_object_id
    FROM fieldstone.relation JOIN fieldstone.field AS source ON source.id = relation.source_field_id;
