"""The model and the values that a request has by its principal."""
