"""The shares of the connections that workspaces and their keys have."""
