"""Saved views and preferences in the Metadata API."""
