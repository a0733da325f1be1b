"""OpenAPI: the document of REST, for the workspace and the role that asks."""
