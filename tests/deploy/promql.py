"""Read what a PromQL expression names: metrics with their label matchers, functions, labels to group by."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\]|\\.)*")|(?P<range>\[[^\]]*\])|(?P<name>[A-Za-z_:][A-Za-z0-9_:]*)"""
    r"""|(?P<number>\d+(?:\.\d+)?)|(?P<sign>=~|!~|!=|==|>=|<=|[-+*/%^<>=(){},])|(?P<space>\s+)|(?P<other>.)"""
)
GROUPING = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
WORDS = frozenset({"and", "or", "unless", "bool", "offset"})
FUNCTIONS = frozenset({"sum", "max", "min", "avg", "count", "rate", "increase", "histogram_quantile"})
"""Those that we use; another one is added here by who uses it."""
OF_COUNTERS = frozenset({"rate", "increase"})
PAIRS = {")": "(", "}": "{"}


class Misread(Exception):
    """The expression is not understood."""


@dataclass(slots=True)
class Expression:
    """Hold what an expression names."""

    metrics: list[tuple[str, tuple[str, ...], bool]] = field(default_factory=list)
    """Name, labels of its matchers, and whether it is counted from one moment to another."""
    grouped: set[str] = field(default_factory=set)


def read(text: str) -> Expression:
    """Read an expression, or raise Misread."""
    tokens = list(_tokens(text))
    _check_pairs(tokens, text)
    found = Expression()
    index, function = 0, ""
    while index < len(tokens):
        kind, token = tokens[index]
        following = tokens[index + 1][1] if index + 1 < len(tokens) else ""
        index += 1
        if kind != "name" or token in WORDS:
            continue
        if token in GROUPING:
            labels, index = _labels(tokens, index + 1, ")")
            found.grouped |= set(labels)
        elif following == "(" or tokens[index : index + 1] == [("name", "by")]:
            if token not in FUNCTIONS:
                raise Misread(f"there is no function {token} in {text}")
            function = token
        else:
            labels, index = _labels(tokens, index + 1, "}") if following == "{" else ([], index)
            is_ranged = index < len(tokens) and tokens[index][0] == "range"
            if is_ranged != (function in OF_COUNTERS):
                raise Misread(f"{token} wants a range in {function or 'no function'}: {text}")
            found.metrics.append((token, tuple(labels), is_ranged))
            function = ""
    return found


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    for match in TOKEN.finditer(text):
        kind = str(match.lastgroup)
        if kind == "other":
            raise Misread(f"{match[0]!r} in {text}")
        if kind != "space":
            yield kind, match[0]


def _check_pairs(tokens: list[tuple[str, str]], text: str) -> None:
    held: list[str] = []
    for _, token in tokens:
        if token in PAIRS.values():
            held.append(token)
        elif token in PAIRS and (not held or held.pop() != PAIRS[token]):
            raise Misread(f"{token} without {PAIRS[token]} in {text}")
    if held:
        raise Misread(f"{held[-1]} is not closed in {text}")


def _labels(tokens: list[tuple[str, str]], index: int, end: str) -> tuple[list[str], int]:
    """Read names of labels up to a bracket; give them, and where to go on."""
    stop = next(number for number in range(index, len(tokens)) if tokens[number][1] == end)
    return [token for kind, token in tokens[index:stop] if kind == "name"], stop + 1
