"""The Metadata API: from a mutation's input to changes of the model."""
