-- The order in which batches were written: rows that were held back come behind later ones of their file.
ALTER TABLE fieldstone.import_batch ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;
CREATE INDEX import_record_record ON fieldstone.import_record (job_id, record_id);
