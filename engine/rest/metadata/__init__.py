"""The model, keys, webhooks and roles over REST: a projection of the Metadata API."""
