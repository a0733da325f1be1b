"""The errors of writes that name rows of their input."""
