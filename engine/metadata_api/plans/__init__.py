"""The plans of changes of the model as the API shows them, with the operations and documents that they would break."""
