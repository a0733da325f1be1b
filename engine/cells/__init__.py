"""Cells: databases that have the workspaces of an installation between them."""
