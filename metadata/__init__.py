"""The model: the objects and fields of a workspace, the catalog that keeps them, and their changes."""
