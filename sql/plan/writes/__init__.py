"""Write plans."""
