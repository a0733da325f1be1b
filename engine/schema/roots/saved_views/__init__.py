"""Saved views and preferences in the schema of the Metadata API."""
