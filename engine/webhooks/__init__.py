"""Webhooks: the events of the log, sent to the URLs that asked for them."""
