"""Which rows are written: an expression over columns, as `quality > 0.7 and language == "en"`.

It is Python's grammar cut down to comparisons, `and`, `or`, `not`, `in` and `len()`. Nothing is evaluated by Python:
each node becomes a function of ours, and any other node is refused.
"""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any

from pagemill.bulk.columns import COLUMNS
from pagemill.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pagemill.bulk.columns import Row

    Value = Callable[[Row], Any]

_MAX_LENGTH = 2000
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}


class RowFilter:
    """A parsed expression. Raises UsageError where it is none."""

    def __init__(self, expression: str) -> None:
        self.columns: set[str] = set()
        """The columns that it reads."""
        if len(expression) > _MAX_LENGTH:
            raise UsageError(f"--filter has more than {_MAX_LENGTH} characters.")
        try:
            tree = ast.parse(expression.strip(), mode="eval")
            self._value = self._compiled(tree.body)
        except SyntaxError as error:
            raise UsageError(f"--filter is no expression: {error.msg}.") from None
        except (ValueError, RecursionError, MemoryError):
            raise UsageError("--filter is no expression.") from None

    def keeps(self, row: Row) -> bool:
        """Whether the row is written."""
        return bool(self._value(row))

    def _compiled(self, node: ast.expr) -> Value:  # noqa: PLR0911 - a line for each kind of node
        match node:
            case ast.BoolOp(op=op, values=values):
                parts = [self._compiled(value) for value in values]
                decide = all if isinstance(op, ast.And) else any
                return lambda row: decide(part(row) for part in parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self._compiled(operand)
                return lambda row: not inner(row)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return lambda _: -number
            case ast.Compare(left=left, ops=ops, comparators=others):
                return self._comparison(left, ops, others)
            case ast.Call(func=ast.Name(id="len"), args=[argument], keywords=[]):
                measured = self._compiled(argument)
                return lambda row: _length(measured(row))
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                items = [self._compiled(element) for element in elements]
                return lambda row: [item(row) for item in items]
            case ast.Constant(value=str() | int() | float() | None as constant):
                return lambda _: constant
            case ast.Name(id=name) if name in COLUMNS:
                self.columns.add(name)
                return lambda row: row.get(name)
            case ast.Name(id=name):
                raise UsageError(f"--filter: there is no column {name!r}. The columns are {', '.join(COLUMNS)}.")
            case _:
                raise UsageError(
                    f"--filter: {ast.unparse(node)!r} is not understood. It takes columns, numbers, strings, "
                    "comparisons, `in`, `len()`, `and`, `or` and `not`."
                )

    def _comparison(self, left: ast.expr, ops: list[ast.cmpop], others: list[ast.expr]) -> Value:
        values = [self._compiled(node) for node in (left, *others)]
        compares = [_COMPARISONS[type(op)] for op in ops]

        def decide(row: Row) -> bool:
            found = [value(row) for value in values]
            try:
                return all(compare(found[index], found[index + 1]) for index, compare in enumerate(compares))
            except TypeError:  # what has no value is neither more nor less than another
                return False

        return decide


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str | list | dict) else 0
