"""The types of a principal's values: one row each."""

from collections.abc import Mapping
from typing import Final

from fieldstone.metadata import scalars
from fieldstone.metadata.scalars import Scalar

CLAIM_TYPES: Final[Mapping[str, Scalar]] = {
    "UUID": scalars.UUID,
    "TEXT": scalars.STRING,
    "BOOLEAN": scalars.BOOLEAN,
    "INT": scalars.INT,
    "NUMBER": scalars.DECIMAL,
    "DATE": scalars.DATE,
    "DATE_TIME": scalars.DATE_TIME,
}
"""The scalars of claims by the names that the API has for them."""


def claim_type(scalar: Scalar) -> str:
    """Return the name of a claim's type."""
    return next(name for name, known in CLAIM_TYPES.items() if known is scalar)
