"""Webhooks: the events of the log, sent to those who asked for them."""
