"""The mutations of the Metadata API that no other room has: those of the model, of credentials and of webhooks."""
