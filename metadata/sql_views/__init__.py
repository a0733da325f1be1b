"""The views that SQL roles read: their definitions by the model, and their renewal with each change of it."""
