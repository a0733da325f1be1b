"""The signatures of tokens, and the keys that verify them."""
