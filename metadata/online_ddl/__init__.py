"""Work on big tables that is done after a change's commit, beside readers and writers."""
