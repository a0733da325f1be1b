"""The changes of roles."""
