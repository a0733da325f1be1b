"""The catalog: Fieldstone's own tables, and how they are read like any others."""
