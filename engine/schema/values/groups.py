"""The scalars that records can be ordered by."""

from fieldstone.metadata.scalars import Scalar
from fieldstone.sql.types import SqlType


def is_orderable(scalar: Scalar) -> bool:
    """Whether records can be ordered by a column of this scalar: by any but a JSON document, or a search vector."""
    return scalar.sql_type not in {SqlType.JSONB, SqlType.TSVECTOR}
