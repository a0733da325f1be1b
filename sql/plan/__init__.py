"""Plans: the frozen data that a statement is compiled from."""
