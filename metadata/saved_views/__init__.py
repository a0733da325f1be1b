"""The views of objects that people save, and their preferences: outside of the model and its versions."""
