"""The model: what a workspace has of objects and fields, where it is kept, and how it changes."""
