"""Moves of workspaces between cells, by PostgreSQL's own logical replication."""
