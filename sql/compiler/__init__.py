"""From plan to statement."""

from fieldstone.sql.compiler.plans import Plan, compile_plan

__all__ = ["Plan", "compile_plan"]
