"""Mirror `mapping.metrics`: what the series of a metric are about."""

from typing import Any

import pytest

from mapping.metrics import METRICS, meter_of
from mapping.record import Above

SESSION = "0b5f7a52-6d2e-4a3b-9c11-aaaaaaaaaaaa"


def read(name: str, scope: str = "", resource: dict[str, Any] | None = None, **attributes: Any) -> Any:
    """Read a series' attributes, written with two underscores for a dot."""
    told = {key.replace("__", "."): value for key, value in attributes.items()}
    return meter_of(name, told, Above(resource or {}, scope, ""))


@pytest.mark.parametrize(
    ("name", "told", "part"),
    [
        ("claude_code.token.usage", {"type": "cacheCreation"}, "cache_write"),
        ("claude_code.cost.usage", {}, "cost"),
        ("gemini_cli.token.usage", {"type": "thought"}, "reasoning"),
        ("gemini_cli.token.usage", {"type": "tool"}, None),
        ("qwen-code.token.usage", {"type": "cache"}, "cache_read"),
        ("codex.turn.token_usage", {"token_type": "cached_input"}, "cache_read"),
        ("codex.turn.token_usage", {"token_type": "total"}, None),
        ("gen_ai.client.token.usage", {"gen_ai.token.type": "output"}, "output"),
        ("gen_ai.client.token.usage", {"gen_ai.token.type": 3}, None),
        ("gen_ai.client.token.usage", {}, None),
        ("gen_ai.client.inference.usage.cache_read.input_tokens", {}, "cache_read"),
        ("operation.cost", {}, "cost"),
    ],
)
def test_parts(name: str, told: dict[str, Any], part: str | None) -> None:
    """A metric counts one part, or that which an attribute names; totals and subsets of subsets are left out."""
    assert part == METRICS[name].part_of(told)


def test_whose_it_is() -> None:
    """Session, provider and model are read by the vocabulary of who sent it."""
    claude = read("claude_code.token.usage", type="input", model="claude-sonnet-5", session__id="s", user__id="u")
    plain = read(
        "gen_ai.client.token.usage",
        gen_ai__token__type="input",
        gen_ai__request__model="gpt-4o",
        gen_ai__response__model="gpt-4o-2024-08-06",
        gen_ai__provider__name="openai",
        gen_ai__conversation__id="c",
    )

    assert ("claude_code", "s", "anthropic", "claude-sonnet-5", "u") == (
        claude.emitter,
        claude.session_id,
        claude.provider,
        claude.model,
        claude.user_id,
    )
    assert ("otel_genai", "c", "openai", "gpt-4o-2024-08-06") == (
        plain.emitter,
        plain.session_id,
        plain.provider,
        plain.model,
    )


def test_a_session_may_be_the_resources() -> None:
    """Gemini CLI has it there."""
    told = read("qwen-code.token.usage", resource={"session.id": "r"}, type="input", model="qwen3-coder-plus")

    assert ("r", "qwen3-coder-plus", "qwen_code") == (told.session_id, told.model, told.emitter)


def test_a_series_without_a_session_is_nobodys() -> None:
    """Metrics without a session never make one; a response's id under the session's key is none."""
    assert read("claude_code.token.usage", type="input") is None
    assert read("codex.turn.token_usage", token_type="input", conversation__id="7") is None
    assert read("codex.turn.token_usage", token_type="input", conversation__id=SESSION) is not None


def test_model_calls_are_better_than_sums_of_them() -> None:
    """An agent's run repeats what its calls count."""
    of: dict[str, Any] = {"gen_ai__token__type": "input", "session__id": "s"}
    agent = read("gen_ai.client.token.usage", gen_ai__operation__name="invoke_agent", **of)
    chat = read("gen_ai.client.token.usage", gen_ai__operation__name="chat", **of)

    assert chat.rank < agent.rank
    assert read("gemini_cli.token.usage", type="input", session__id="s").rank < chat.rank


def test_an_editors_window_is_no_session() -> None:
    """VS Code's resource names the window; a session that only a resource names is marked as such."""
    told: dict[str, Any] = {"gen_ai__token__type": "input"}
    window = {"service.name": "copilot-chat", "session.id": "w"}

    assert read("gen_ai.client.token.usage", resource=window, **told) is None
    assert read("gen_ai.client.token.usage", resource={"session.id": "r"}, **told).by_resource
    assert not read("gen_ai.client.token.usage", resource={"session.id": "r"}, session__id="r", **told).by_resource
