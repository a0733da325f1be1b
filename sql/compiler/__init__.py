"""From plan to statement."""

from fieldstone.sql.compiler.plans import compile_plan

__all__ = ["compile_plan"]
