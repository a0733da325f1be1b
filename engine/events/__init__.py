"""Events: what writes leave, put in order in a log, and handed to those who subscribe."""
