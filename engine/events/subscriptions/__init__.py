"""Subscriptions: grouped by statement, served from the log, caught up when they lag."""
