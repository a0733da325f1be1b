"""The findings of `fieldstone doctor`, and their repairs."""
