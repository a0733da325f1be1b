"""What a change of the model costs, and what the size of the model and the number of workspaces do to it."""
