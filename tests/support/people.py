"""Make what sessions of people tell, in every signal, with a word in it that stands nowhere else."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schema.signals import Signal

SECOND = 1_000_000_000
NOW = 1_795_219_725 * SECOND
WORDS = 120


@dataclass(frozen=True, slots=True)
class Person:
    """Name a person, their session, and the word that is in all that they say."""

    name: str
    session: str
    word: str

    def requests(self, turns: int, *, seed: int, at: int = NOW) -> Iterator[tuple[Signal, bytes]]:
        """Give requests of some turns."""
        chance = random.Random(f"{self.session}/{seed}")
        for turn in range(turns):
            trace, when = f"{chance.getrandbits(128):032x}", at + turn * 20 * SECOND
            yield Signal.TRACES, self._spans(trace, when, chance)
            yield Signal.LOGS, self._logs(trace, when, chance)
            yield Signal.METRICS, self._points(when, chance)

    def say(self, chance: random.Random) -> str:
        """Say something with the word in it."""
        return " ".join([self.word, *(f"w{chance.getrandbits(32):x}" for _ in range(WORDS)), self.word])

    def _spans(self, trace: str, when: int, chance: random.Random) -> bytes:
        ids = [f"{chance.getrandbits(64) | 1:016x}" for _ in range(4)]
        who = {"gen_ai.conversation.id": self.session, "user.id": self.name, "gen_ai.agent.name": "helper"}
        said = json.dumps([{"role": "user", "parts": [{"type": "text", "content": self.say(chance)}]}])
        answered = json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": self.say(chance)}]}])
        model = {"gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5.2"}
        tokens = {"gen_ai.usage.input_tokens": 40, "gen_ai.usage.output_tokens": 7}
        tool = {"gen_ai.tool.name": "look", "gen_ai.tool.call.arguments": json.dumps({"at": self.say(chance)})}
        spans = [
            _span(trace, ids[0], "", "invoke_agent helper", when, {"gen_ai.operation.name": "invoke_agent", **who}),
            _span(
                trace,
                ids[1],
                ids[0],
                "chat gpt-5.2",
                when + SECOND,
                {
                    "gen_ai.operation.name": "chat",
                    "gen_ai.conversation.id": self.session,
                    "gen_ai.input.messages": said,
                    "gen_ai.output.messages": answered,
                    **model,
                    **tokens,
                },
            ),
            _span(
                trace,
                ids[2],
                ids[0],
                "execute_tool look",
                when + 3 * SECOND,
                {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.call.id": ids[2], **tool},
            ),
            _span(
                trace,
                ids[3],
                ids[2],
                f"GET /{self.word}",
                when + 4 * SECOND,
                {"url.query": self.say(chance)},
                self.say(chance),
            ),
        ]
        return _request("resourceSpans", "scopeSpans", "spans", spans)

    def _logs(self, trace: str, when: int, chance: random.Random) -> bytes:
        inside = _log(when + SECOND, self.say(chance), {"http.note": self.say(chance)})
        outside = _log(when + 2 * SECOND, self.say(chance), {"session.id": self.session, "event.name": "note"})
        return _request("resourceLogs", "scopeLogs", "logRecords", [{**inside, "traceId": trace}, outside])

    def _points(self, when: int, chance: random.Random) -> bytes:
        about = {"session.id": self.session, "user.id": self.name, "said": self.say(chance)}
        point = {"timeUnixNano": str(when), "startTimeUnixNano": str(when - SECOND), "asInt": "3"}
        points = [{**point, "attributes": _attributes({**about, "gen_ai.token.type": "input"})}]
        data = {"aggregationTemporality": 1, "isMonotonic": True, "dataPoints": points}
        return _request(
            "resourceMetrics", "scopeMetrics", "metrics", [{"name": "gen_ai.client.token.usage", "sum": data}]
        )


def _span(  # noqa: PLR0917  the parts of a span
    trace: str, span: str, parent: str, name: str, when: int, told: dict[str, Any], event: str = ""
) -> dict[str, Any]:
    events = [{"name": "said", "timeUnixNano": str(when), "attributes": _attributes({"text": event})}] if event else []
    return {
        "traceId": trace,
        "spanId": span,
        "parentSpanId": parent,
        "name": name,
        "kind": 1,
        "startTimeUnixNano": str(when),
        "endTimeUnixNano": str(when + SECOND),
        "attributes": _attributes(told),
        "events": events,
    }


def _log(when: int, body: str, told: dict[str, Any]) -> dict[str, Any]:
    return {"timeUnixNano": str(when), "body": {"stringValue": body}, "attributes": _attributes(told)}


def _request(outer: str, middle: str, inner: str, items: list[dict[str, Any]]) -> bytes:
    resource = {"attributes": _attributes({"service.name": "agents", "project.key": "shop"})}
    return json.dumps({outer: [{"resource": resource, middle: [{"scope": {"name": "t"}, inner: items}]}]}).encode()


def _attributes(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in told.items()
    ]
