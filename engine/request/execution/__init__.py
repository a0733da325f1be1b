"""The execution of planned operations that are more than one statement."""
