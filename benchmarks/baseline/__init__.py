"""What one would write by hand, as fast as one can, without Fieldstone."""
