"""The cost of a change of the model, and the influence of the model's size and of the number of workspaces on it."""
