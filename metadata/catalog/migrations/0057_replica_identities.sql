-- An operator's publication FOR ALL TABLES has PostgreSQL refuse to change or delete a row of a table without a primary key.
ALTER TABLE fieldstone.retired_name REPLICA IDENTITY FULL;
ALTER TABLE fieldstone.denied_token_version REPLICA IDENTITY FULL;
ALTER TABLE fieldstone.cursor_key REPLICA IDENTITY FULL;
ALTER TABLE fieldstone.import_record REPLICA IDENTITY FULL;
