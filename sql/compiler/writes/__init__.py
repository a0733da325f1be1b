"""Write plans as single statements: lock, judge, change, leave events, answer."""
