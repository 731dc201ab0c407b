"""Bring token counts to one meaning (mapping.md D.6, D.7): input with the cache, output with the reasoning."""

from dataclasses import dataclass

from mapping.fields import Reading

EXCLUDES_CACHE = frozenset(("claude_code", "botocore"))
"""These send the numbers of an API that leaves the cache out."""
EXCLUDES_REASONING = frozenset(("gemini_cli", "genkit"))


@dataclass(slots=True, unsafe_hash=True)
class Tokens:
    """Hold the tokens of one call; None is not said.

    `input` is everything the model read, `cache_read` and `cache_write` are parts of it;
    `output` is everything it wrote, `reasoning` is a part of it.
    """

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None

    def __bool__(self) -> bool:
        """Say whether anything is known."""
        return self.input is not None or self.output is not None

    @property
    def known(self) -> int:
        """Count what is known."""
        return 5 - (self.input, self.output, self.cache_read, self.cache_write, self.reasoning).count(None)

    def filled(self, other: "Tokens") -> "Tokens":
        """Fill in what another count of the same call knows."""
        return Tokens(
            other.input if self.input is None else self.input,
            other.output if self.output is None else self.output,
            other.cache_read if self.cache_read is None else self.cache_read,
            other.cache_write if self.cache_write is None else self.cache_write,
            other.reasoning if self.reasoning is None else self.reasoning,
        )


def tokens_of(reading: Reading) -> Tokens:
    """Read and normalise the counts of a record."""
    came = Tokens(
        reading.whole("llm.input_tokens"),
        reading.whole("llm.output_tokens"),
        reading.whole("llm.cache_read_tokens"),
        reading.whole("llm.cache_write_tokens"),
        reading.whole("llm.reasoning_tokens"),
    )
    total = reading.whole("llm.total_tokens")
    told = normal_input(came, total, excludes_cache=_excludes_cache(reading))
    excludes = reading.origin.emitter.id in EXCLUDES_REASONING or _thoughts_apart(reading)
    output = normal_output(came, total, told, excludes_reasoning=excludes)
    return Tokens(told, output, came.cache_read, came.cache_write, came.reasoning)


def normal_input(came: Tokens, total: int | None, *, excludes_cache: bool) -> int | None:
    """Give the input with the cache: added when the sender leaves it out, or when the numbers say that it does."""
    cache = (came.cache_read or 0) + (came.cache_write or 0)
    if came.input is None or not cache:
        return came.input
    counted = came.input + (came.output or 0) + cache
    apart = total is not None and total in (counted, counted + (came.reasoning or 0))
    return came.input + cache if excludes_cache or cache > came.input or apart else came.input


def normal_output(came: Tokens, total: int | None, told_input: int | None, *, excludes_reasoning: bool) -> int | None:
    """Give the output with the reasoning, by the same rules."""
    if came.output is None or not came.reasoning:
        return came.output
    apart = total is not None and total == (told_input or 0) + came.output + came.reasoning
    if excludes_reasoning or came.reasoning > came.output or apart:
        return came.output + came.reasoning
    return came.output


def _excludes_cache(reading: Reading) -> bool:
    if reading.origin.emitter.id == "openinference_claude_agent_sdk":
        return _version(reading.record.scope_version) <= (0, 1, 12)
    return reading.origin.emitter.id in EXCLUDES_CACHE


def _thoughts_apart(reading: Reading) -> bool:
    """Know ADK 1.x by the key that it had for thoughts (mapping.md B.5)."""
    return "gen_ai.usage.experimental.reasoning_tokens" in reading.record.attributes


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())
