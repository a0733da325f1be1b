"""The statement of an upsert."""
