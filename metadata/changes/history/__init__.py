"""Changes as the history keeps them, and their inverses. Pure."""
