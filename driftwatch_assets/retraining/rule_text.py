"""The text of a governance rule: what it may hold, and the words for what it may not."""

from __future__ import annotations

import ast
import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 1000
_SHOWN = 80
_EXAMPLE = "auc < 0.70 or psi >= 0.2"
_ALLOWED = re.compile(r"[\w.<>=!()\s-]", re.ASCII)
_GLUED = re.compile(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?![eE]-?\d+(?!\w))[A-Za-z_]\w*")
_LIKELY = {
    "&": "write `and`",
    "|": "write `or`",
    "%": "write a share, such as 0.7 for 70 %",
    "#": "write comments outside the rule",
    "!": "write `not`, or `!=` between two values",
}
OPERATORS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)


class RuleInvalid(ValueError):  # noqa: N818 - named for what was found
    """A rule cannot be read, or names what is not measured."""


def parsed(text: str) -> ast.expr:
    """Read a rule that stands on one line; raises `RuleInvalid` unless it holds only what a rule may hold."""
    tree = _tree(text)
    _check(tree, text)
    return tree


def _tree(text: str) -> ast.expr:
    if not text:
        raise RuleInvalid(f"the rule is empty; write one such as {_EXAMPLE!r}")
    if len(text) > LONGEST:
        raise RuleInvalid(f"the rule has {len(text)} characters; {LONGEST} are allowed")
    strange = _ALLOWED.sub("", text)[:1]
    if strange:
        hint = _LIKELY.get(strange, "only names, numbers, < <= > >= == !=, and, or, not and parentheses can be used")
        raise RuleInvalid(f"the rule {_shown(text)} holds {strange!r}; {hint}")
    glued = _GLUED.search(text)
    if glued:
        raise RuleInvalid(f"the rule holds {glued[0]!r}, which is neither a number nor a name; is a space missing?")
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise RuleInvalid(
            f"the rule {_shown(text)} cannot be read{_near(text, error)}; {_hint(text)}an example is {_EXAMPLE!r}"
        ) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise RuleInvalid(f"the rule cannot be read: {error or 'it is nested too deeply'}") from None


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


def _near(text: str, error: SyntaxError) -> str:
    near = text[max(0, error.offset - 12) : error.offset + 12].strip() if error.offset else ""
    return f" near {near!r}" if near else ""


def _hint(text: str) -> str:
    shouted = next((word for word in text.split() if word in {"AND", "OR", "NOT"}), None)
    if shouted:
        return f"write {shouted.lower()!r} in lower case; "
    if re.search(r"(?<![<>=!])=(?!=)", text):
        return "compare with ==, not =; "
    return "write `not`, or `!=` between two values; " if re.search("!(?!=)", text) else ""


def _check(node: ast.expr, text: str) -> None:
    """Refuse whatever is not a comparison, or several joined by and, or, not."""
    if isinstance(node, ast.BoolOp):
        for value in node.values:
            _check(value, text)
        return
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        _check(node.operand, text)
        return
    written = source(node, text)
    if not isinstance(node, ast.Compare):
        raise RuleInvalid(
            f"the rule holds {written!r}, which is no comparison; compare metrics with numbers and join comparisons "
            f"by and, or, not, as in {_EXAMPLE!r}"
        )
    for operator in node.ops:
        if not isinstance(operator, OPERATORS):
            raise RuleInvalid(f"the rule compares by an operator that it cannot in {written!r}; use < <= > >= == !=")
    operands = [node.left, *node.comparators]
    for operand in operands:
        if not isinstance(operand, ast.Name):
            number(operand, text)
    if not any(isinstance(operand, ast.Name) for operand in operands):
        raise RuleInvalid(f"the rule's comparison {written!r} names no metric: it is always the same")


def number(node: ast.expr, text: str) -> float:
    """Give the value of a number."""
    written = source(node, text)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        return -number(node.operand, text)
    if not isinstance(node, ast.Constant) or type(node.value) not in {int, float}:
        raise RuleInvalid(f"the rule compares with {written!r}; only metrics and numbers can be compared")
    try:
        value = float(node.value)  # type: ignore[arg-type]
    except OverflowError:
        value = math.inf
    if math.isinf(value):
        raise RuleInvalid(f"the rule's number {written!r} is too large")
    return value


def names(node: ast.expr) -> Iterator[str]:
    """Give every name, in the order of the text."""
    for inner in _comparisons(node):
        for operand in (inner.left, *inner.comparators):
            if isinstance(operand, ast.Name):
                yield operand.id


def _comparisons(node: ast.expr) -> Iterator[ast.Compare]:
    if isinstance(node, ast.Compare):
        yield node
    for child in node.values if isinstance(node, ast.BoolOp) else ():
        yield from _comparisons(child)
    if isinstance(node, ast.UnaryOp):
        yield from _comparisons(node.operand)


def source(node: ast.expr, text: str) -> str:
    """Give the part of the text that a node was read from."""
    return ast.get_source_segment(text, node) or ast.unparse(node)
