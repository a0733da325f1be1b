"""The search over the records of several objects."""
