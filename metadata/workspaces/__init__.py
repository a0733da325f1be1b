"""The workspaces: what each starts with, who may come in, and how one ends."""
