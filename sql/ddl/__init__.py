"""The statements that create, change and rewrite tables."""
