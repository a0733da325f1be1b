-- The places of objects and fields among the others as people see them; NULL is behind those that have one.
ALTER TABLE fieldstone.object ADD COLUMN position double precision;
ALTER TABLE fieldstone.field ADD COLUMN position double precision;

-- The fields that people know a record of an object by: `label_parts` in metadata/changes/rules/indexes/searched.py.
CREATE VIEW fieldstone.object_shown AS
    SELECT object.*, (
        SELECT coalesce(
            jsonb_agg(field.id ORDER BY field.seq) FILTER (WHERE field.type IN ('FULL_NAME', 'EMAILS')
                OR (NOT field.is_custom AND field.type = 'TEXT'
                    AND rtrim(field.column_name, '0123456789') = 'name')
                OR (NOT field.is_custom AND NOT object.is_custom
                    AND field.column_name IN ('firstName', 'lastName', 'email'))),
            to_jsonb((array_agg(field.id ORDER BY field.seq))[1:1]),
            '[]')
        FROM fieldstone.field
        WHERE field.object_id = object.id AND field.is_active AND NOT field.is_system
            AND field.type IN ('TEXT', 'FULL_NAME', 'EMAILS', 'PHONES', 'LINKS')) AS label_fields
    FROM fieldstone.object;
