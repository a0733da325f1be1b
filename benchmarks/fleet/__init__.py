"""The costs of many workspaces: in one catalog, and in the caches of the processes that serve them."""
