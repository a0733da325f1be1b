"""The workspaces: the model that each starts with, its keys, and its end."""
