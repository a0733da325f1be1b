"""Writes of records that a role, a lost answer or another person makes special."""
