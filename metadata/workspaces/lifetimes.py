"""The longest lives of credentials, apart from the modules that the command line need not import for its help."""

from typing import Final

LONGEST_OVERLAP: Final = 30 * 86_400
"""Seconds for which the old token of a rotated key may stay valid."""
