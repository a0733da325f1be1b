"""Samples of the numbers of all processes: noted every ten seconds, kept for a day, and read as series."""
