"""Backups of a database, or of one workspace, in one file, and their restoration."""
