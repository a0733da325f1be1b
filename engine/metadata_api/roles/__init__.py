"""Roles in the Metadata API: the rights of a principal there, and the rules of roles that are saved."""
