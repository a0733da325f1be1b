"""The requests to the targets of webhooks, from a guarded connection to the outcome."""
