-- The owner of an import job that was started again, as `id`, `name` and `actsAs`: `subject_id`, `subject_name` and `acts_as`
-- are of the principal that has started the work last. NULL: that one is the owner.
ALTER TABLE fieldstone.import_job ADD COLUMN owner jsonb;

-- A trusted document as the API shows it, with the present name of its role.
CREATE VIEW fieldstone.trusted_document_shown AS
    SELECT trusted_document.id, trusted_document.workspace_id, client, document_id, operation_name, text,
        trusted_document.created_at, role.name AS role
    FROM fieldstone.trusted_document LEFT JOIN fieldstone.role ON role.id = trusted_document.role_id;
