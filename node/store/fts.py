"""FTS5 expressions, composed; an empty string is the expression that matches nothing."""

from collections.abc import Iterable


def token(text: str) -> str:
    """One token, exactly."""
    return f'"{text}"'


def beginning(text: str) -> str:
    """Every token that begins so."""
    return f'"{text}" *'


def any_of(expressions: Iterable[str]) -> str:
    """What matches one of them."""
    listed = [expression for expression in expressions if expression]
    return f"({' OR '.join(listed)})" if listed else ""


def all_of(expressions: Iterable[str]) -> str:
    """What matches all of them."""
    listed = list(expressions)
    return f"({' AND '.join(listed)})" if listed and all(listed) else ""


def without(expression: str, excluded: str) -> str:
    """What matches the first and not the second."""
    return f"({expression} NOT {excluded})" if expression and excluded else expression
