"""The places of workspaces where there are several databases or nodes, and the moves between them."""
