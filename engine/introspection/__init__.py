"""Introspection of many objects: what is written of each is kept, and joined."""
