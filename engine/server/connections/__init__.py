"""The connections of clients: their number, the limits of each, and the order in which they are closed."""
