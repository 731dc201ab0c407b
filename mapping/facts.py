"""Make a fact of a record: what it says, in canonical terms, whoever said it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Final

from mapping.contents import NOTHING, Contents, contents_of, said_by
from mapping.emitters import Origin, origin_of
from mapping.errors import status_of
from mapping.fields import Reading
from mapping.hooks import kind_by, session_of
from mapping.identity import NOBODY, Identity, identity_of
from mapping.kinds import kind_of, tells_failure
from mapping.parts import Asked, Result, unwrapped
from mapping.providers import provider_of
from mapping.raw_usage import raw_usage
from mapping.record import Record, parsed
from mapping.sayings import Saying
from mapping.tokens import Tokens, tokens_of
from mapping.tool_contents import Tool, tool_of

MODEL_KINDS: Final = frozenset(("llm", "embedding", "rerank"))
TOOL_KINDS: Final = frozenset(("tool", "tool_part"))
USAGE_KINDS: Final = MODEL_KINDS | {"copy", "answer", "agent", "workflow", "turn", "chain"}
"""Records that may tell of a model call; those of the last four repeat what others say."""

GIVEN_UP: Final = "error"
"""The reason that JavaScript's frameworks give for a call that ended without an answer."""
DURATIONS: Final = {"tool": "tool_calls.duration_ms", **dict.fromkeys(MODEL_KINDS, "llm.duration_ms")}


@dataclass(slots=True, unsafe_hash=True)
class Model:
    """Say what a record tells of one model call, or of several if it sums them up. None is not said."""

    provider: str | None
    model: str | None
    request_model: str | None
    response_id: str | None
    finish_reason: str | None
    cost_usd: float | None
    tokens: Tokens
    told: tuple[int | None, int | None] = (None, None)
    """Input and output as they were sent, before they were brought to one meaning."""
    request_id: str | None = None
    """The client's own id of the request, which is known even where no answer came."""
    attempts: int | None = None
    """How often the request was sent until it was answered or given up."""

    @property
    def ids(self) -> tuple[str, ...]:
        """Give the ids that all records of the call share."""
        return tuple(told for told in (self.response_id, self.request_id) if told)

    def finished(self, reason: str) -> "Model":
        """Say why it ended, where nothing else does."""
        return self if self.finish_reason else replace(self, finish_reason=_word(reason))

    def filled(self, other: "Model") -> "Model":
        """Fill in from another record of the same call what this one does not say; more numbers are the better ones."""
        fuller, other_tokens = (
            (self.tokens, other.tokens) if self.tokens.known >= other.tokens.known else (other.tokens, self.tokens)
        )
        return Model(
            self.provider or other.provider,
            self.model or other.model,
            self.request_model or other.request_model,
            self.response_id or other.response_id,
            self.finish_reason or other.finish_reason,
            other.cost_usd if self.cost_usd is None else self.cost_usd,
            fuller.filled(other_tokens),
            self.told if self.tokens else other.told,
            self.request_id or other.request_id,
            other.attempts if self.attempts is None else self.attempts,
        )


BY_START: Final[Callable[["Fact"], tuple[int, str]]] = attrgetter("start", "key")
"""The order in which facts are read: whichever order they came in, it is the same."""
UNSAID: Final = Model(None, None, None, None, None, None, Tokens())


@dataclass(slots=True, unsafe_hash=True)
class Fact:
    """Say what a record means; times are Unix nanoseconds, ids as in the record."""

    key: str
    is_span: bool
    name: str
    kind: str
    emitter: str
    scope: str
    start: int
    end: int
    trace_id: str
    span_id: str
    parent_span_id: str
    session_id: str | None
    turn_id: str | None
    agent_name: str | None
    failed: bool
    error_type: str | None
    error_message: str | None
    model: Model | None = None
    tool: Tool | None = None
    prompt: str | None = None
    """What the user asked in this record, in full: a turn's or an agent's input, a model call's last user message."""
    answer: str | None = None
    """What a turn, an agent or a model call ended with, in full."""
    raw_input: str | None = None
    """What went in, as recorded, at most 4,096 bytes of it."""
    raw_output: str | None = None
    """What came out, likewise."""
    cut_input: bool = False
    cut_output: bool = False
    asked: tuple[Asked, ...] = ()
    """The tool calls that a model call's output asks for."""
    results: tuple[Result, ...] = ()
    """The tool results that a model call was given since the model's last answer."""
    identity: Identity = NOBODY
    error_status: int | None = None
    """The HTTP status of a model call that failed."""
    sayings: tuple[Saying, ...] = field(default=(), compare=False)
    """What its record says in the words of the tracking vocabulary."""
    place: tuple[str, str] = field(init=False, repr=False, compare=False)
    """The span that it is, or that a log record was written in: everything is found by it, again and again."""

    def __post_init__(self) -> None:
        """Name the place."""
        self.place = self.trace_id, self.span_id

    @property
    def parent(self) -> tuple[str, str]:
        """Name the span above."""
        return self.trace_id, self.parent_span_id


def fact_of(record: Record) -> Fact:
    """Read a record."""
    origin = origin_of(record)
    reading = Reading(record, origin)
    kind = kind_by(reading, kind_of(record, origin))
    error_type = reading.text("tool_calls.error_type")
    error_message = reading.text("tool_calls.error_message")
    failed = record.failed or error_type is not None or tells_failure(record)
    model = _model(reading, origin) if kind in USAGE_KINDS else None
    tool = None
    if kind in TOOL_KINDS:
        tool, said, says_failed = tool_of(reading)
        failed = failed or says_failed
    else:
        said = _said(reading, kind, model)
    if said.finish:
        model = (model or UNSAID).finished(said.finish)
    failed = failed or (model is not None and model.finish_reason == GIVEN_UP)
    return Fact(
        record.key,
        record.is_span,
        record.name,
        kind,
        origin.emitter.id,
        record.scope,
        _start(reading, kind),
        max(record.start, record.end),
        record.trace_id,
        record.span_id,
        record.parent_span_id,
        session_of(reading),
        reading.text("identity.turn_id"),
        reading.text("identity.agent_name"),
        failed,
        error_type,
        error_message,
        model,
        tool,
        said.prompt,
        said.answer,
        said.raw_input,
        said.raw_output,
        said.cut_input,
        said.cut_output,
        said.asked,
        said.results,
        identity_of(reading),
        status_of(reading, error_type, error_message) if model is not None and (failed or error_type) else None,
    )


def _said(reading: Reading, kind: str, model: Model | None) -> Contents:
    """Read what was said, as far as records of the kind hold any of it."""
    if model is not None:
        is_call = kind in MODEL_KINDS or kind in ("copy", "answer")
        said = contents_of(reading, is_call=is_call, wants_finish=model.finish_reason is None)
        if said.results and (model.provider or "").startswith("gcp."):
            return replace(said, results=tuple(map(unwrapped, said.results)))
        return said
    if kind == "message":
        return said_by(reading)
    return Contents(prompt=reading.text("prompt.text")) if kind == "prompt" else NOTHING


def _model(reading: Reading, origin: Origin) -> Model:
    model = reading.text("llm.model")
    return Model(
        provider_of(reading.text("llm.provider"), model, origin.emitter),
        model,
        reading.text("llm.request_model"),
        reading.text("llm.response_id"),
        _finish_reason(reading),
        _cost(reading),
        _tokens(reading),
        (reading.whole("llm.input_tokens"), reading.whole("llm.output_tokens")),
        reading.text("llm.request_id"),
        reading.whole("llm.attempts"),
    )


def _start(reading: Reading, kind: str) -> int:
    """Give the start: an event is written at the end, and some say how long it took."""
    record, field = reading.record, DURATIONS.get(kind)
    took = None if record.is_span or field is None else reading.whole(field)
    return record.start if took is None else max(0, record.start - took * 1_000_000)


def _tokens(reading: Reading) -> Tokens:
    """Read the counts; the response that was recorded may know more of them, when it is the same call."""
    told, raw = tokens_of(reading), raw_usage(reading)
    if not told:
        return raw
    return told.filled(raw) if (raw.input, raw.output) == (told.input, told.output) else told


def _finish_reason(reading: Reading) -> str | None:
    """Give the reasons joined by commas, each once, in lower case: some send a list, JSON text, or one word."""
    told = parsed(reading.get("llm.finish_reason"))
    reasons = told if isinstance(told, list) else [told]
    words = (_word(reason) for reason in reasons if reason not in (None, ""))
    return ",".join(dict.fromkeys(words)) or None


def _word(reason: object) -> str:
    """Write a reason in lower case; some send the name of an enumeration in front of it."""
    return str(reason).rpartition(".")[2].lower()


def _cost(reading: Reading) -> float | None:
    """Give the money that the sender says, in dollars."""
    micros = reading.whole("llm.cost_usd_micros")
    if micros is not None:
        return micros / 1e6
    told = reading.get("llm.cost_usd")
    try:
        return None if told is None or isinstance(told, bool) else float(told)
    except (TypeError, ValueError):
        return None


def said_first(facts: Iterable[Fact], field: str) -> str | None:
    """Give what the first of some records says of a field of its identity."""
    told: Iterable[str | None] = map(attrgetter(f"identity.{field}"), facts)
    return next(filter(None, told), None)


def merged(fact: Fact, other: Fact) -> Fact:
    """Take into a fact what another one knows of the same call; an attempt that failed is no error of an answer."""
    answered = fact.model is not None and bool(fact.model.tokens)
    return replace(
        fact,
        model=fact.model.filled(other.model) if fact.model and other.model else fact.model,
        tool=fact.tool.filled(other.tool) if fact.tool and other.tool else fact.tool,
        session_id=fact.session_id or other.session_id,
        turn_id=fact.turn_id or other.turn_id,
        agent_name=fact.agent_name or other.agent_name,
        failed=fact.failed or (other.failed and not answered),
        error_type=fact.error_type or other.error_type,
        error_message=fact.error_message or other.error_message,
        prompt=fact.prompt or other.prompt,
        answer=fact.answer or other.answer,
        raw_input=fact.raw_input or other.raw_input,
        raw_output=fact.raw_output or other.raw_output,
        cut_input=fact.cut_input if fact.raw_input else other.cut_input,
        cut_output=fact.cut_output if fact.raw_output else other.cut_output,
        asked=fact.asked or other.asked,
        results=fact.results or other.results,
        error_status=fact.error_status or other.error_status,
    )
