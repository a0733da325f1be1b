"""The rules for browsers: which site may send a request, and which headers an answer has."""
