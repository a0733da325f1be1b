"""Roles as data: the rights that a role grants, in ids that outlive a rename, and the principal that has a role."""
