"""What changes of the model mean for the rows that are there: asked before, and done in the transaction."""
