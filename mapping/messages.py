"""Read what was said to a model and what it said, in one shape, whoever wrote it down."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """Hold a tool call that a model asked for; the arguments are JSON text. None is not said."""

    call_id: str | None
    name: str | None
    arguments: str | None


@dataclass(frozen=True, slots=True)
class Result:
    """Hold what a tool call gave back, as the next question to the model tells; None is not said."""

    call_id: str | None
    name: str | None
    text: str | None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """Hold one message; `result_of` is the call that it answers, `failed` whether that call did."""

    role: str
    text: str
    tool_calls: tuple[Asked, ...] = ()
    result_of: str | None = None
    name: str | None = None
    failed: bool = False
