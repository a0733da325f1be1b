"""Consumers: readers of the log with a stored position; the events behind it are kept for them."""

from fieldstone.sql.queries import named_statement

REGISTER = named_statement(__name__, "register_consumer")
"""Returns the position of a consumer; a new one begins at the end of the log."""

ADVANCE = named_statement(__name__, "advance_consumer")
"""Notes that a consumer needs nothing up to a position."""

FORGET = named_statement(__name__, "forget_consumer")
"""Forgets a consumer: no event is kept for it any more."""
