"""What changes of big tables leave to be done after the commit, beside readers and writers."""
