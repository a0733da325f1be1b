"""Introspection of many objects: the text of each is kept, and the texts are joined."""
