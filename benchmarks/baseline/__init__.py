"""A server as one would write it by hand, as fast as one can, without Fieldstone."""
