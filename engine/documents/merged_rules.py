"""The rules of a validation as one visitor, which calls for each node only the rules that look at nodes of its kind.

graphql-core goes through all of some 27 rules for each node, and looks for their methods again in each document.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from graphql import BREAK, SKIP, Node, ValidationContext
from graphql.language.visitor import EnterLeaveVisitor, VisitorAction
from graphql.validation import ASTValidationRule


class MergedRules:
    """Makes the one visitor of these rules for the context of a validation."""

    def __init__(self, rules: Sequence[Callable[[ValidationContext], ASTValidationRule]]) -> None:
        self._rules = rules
        self._visitors: list[ASTValidationRule] = []

    def __call__(self, context: ValidationContext) -> ASTValidationRule:
        """Return the visitor."""
        rules = [rule(context) for rule in self._rules]
        merged = _MergedVisitor(context, rules)
        self._visitors += [merged, *rules]
        return merged

    def release(self) -> None:
        """Let go of the document that was validated.

        graphql-core's visitors keep methods of their own: a cycle that would keep the document until the collector
        comes by.
        """
        for visitor in self._visitors:
            vars(visitor).clear()


class _MergedVisitor(ASTValidationRule):
    def __init__(self, context: ValidationContext, rules: Sequence[ASTValidationRule]) -> None:
        super().__init__(context)
        self._rules = rules
        self._classes = tuple(map(type, rules))
        # By the place of a rule: the node below which it has asked not to be called, or BREAK for the rest.
        self._skipped: dict[int, object] = {}

    def get_enter_leave_for_kind(self, kind: str) -> EnterLeaveVisitor:
        """Return the methods that stand for those of all rules that have some for a kind of node."""
        found = self.enter_leave_map.get(kind)
        if found is None:
            found = self.enter_leave_map[kind] = self._merge(kind)
        return found

    def _merge(self, kind: str) -> EnterLeaveVisitor:
        named = _methods(self._classes, kind)
        if not named:
            return EnterLeaveVisitor(None, None)
        rules, skipped = self._rules, self._skipped
        entering = [(place, getattr(rules[place], name)) for place, name, _ in named if name]
        leaving = [(place, getattr(rules[place], name) if name else None) for place, _, name in named]

        def enter(node: Node, *args: Any) -> None:
            for place, method in entering:
                if place not in skipped:
                    _note(skipped, place, method(node, *args), node)

        def leave(node: Node, *args: Any) -> None:
            for place, method in leaving:
                if place not in skipped:
                    if method is not None and method(node, *args) is BREAK:
                        skipped[place] = BREAK
                elif skipped[place] is node:
                    del skipped[place]

        return EnterLeaveVisitor(enter, leave)


def _note(skipped: dict[int, object], place: int, action: VisitorAction | None, node: Node) -> None:
    if action is SKIP:
        skipped[place] = node
    elif action is BREAK:
        skipped[place] = BREAK


@lru_cache(maxsize=1024)
def _methods(classes: tuple[type, ...], kind: str) -> list[tuple[int, str | None, str | None]]:
    """Return the places of the classes that have methods for a kind of node, with the methods' names."""
    found = [
        (place, _method(class_, "enter", kind), _method(class_, "leave", kind)) for place, class_ in enumerate(classes)
    ]
    return [one for one in found if one[1] or one[2]]


def _method(class_: type, action: str, kind: str) -> str | None:
    return next((name for name in (f"{action}_{kind}", action) if hasattr(class_, name)), None)
