"""Give the commands that answer what agents did: sessions, session, trace, jobs, job, tools, search."""

from collections.abc import Callable, Mapping
from typing import Any

import click

from spanledger.options import Source, config_options, json_option

Command = Callable[..., Any]

EPILOG = "An ID may be cut short as long as it names one only. A time is 30m, 2h or 7d ago, or ISO 8601 in UTC."
MOST = 1_000
WORDS = {"ignore_unknown_options": True, "help_option_names": ["--help"]}
"""Let -this be a word that must not be there."""


def _limit(default: int) -> Callable[[Command], Command]:
    kind = click.IntRange(1, MOST)
    return click.option("--limit", default=default, show_default=True, type=kind, help="How many to show.")


def _text(name: str, help_text: str, metavar: str = "TEXT") -> Callable[[Command], Command]:
    return click.option(f"--{name}", metavar=metavar, help=help_text)


def _since(function: Command) -> Command:
    until = _text("until", "Only what began before then.", "TIME")
    return _text("since", "Only what began since then.", "TIME")(until(function))


def _asked(**options: Any) -> Mapping[str, Any]:
    """Keep the filters that are given, with times the way the tables hold them."""
    from spanledger.layout import ago

    return {name: ago(value) if name in {"since", "until"} else value for name, value in options.items() if value}


@click.command(epilog=EPILOG)
@_text("agent", "Only this agent's.", "NAME")
@click.option("--status", type=click.Choice(["active", "ended"]), help="Only those that go on, or are over.")
@_since
@_limit(20)
@config_options
@json_option
def sessions(source: Source, *, as_json: bool, limit: int, **where: str | None) -> None:
    """List the newest sessions: who, how long, tokens, cost."""
    from spanledger import show_sessions as page

    page.show_list(source.load(), _asked(**where), limit=limit, as_json=as_json)


@click.command(epilog=EPILOG)
@click.argument("session_id", metavar="ID")
@config_options
@json_option
def session(source: Source, *, session_id: str, as_json: bool) -> None:
    """Sum one session up: models, tools, jobs, errors."""
    from spanledger import show_sessions as page

    page.show_one(source.load(), session_id, as_json=as_json)


@click.command(epilog=EPILOG)
@click.argument("trace_id", metavar="ID")
@click.option("--tree", "form", flag_value="tree", default=True, help="What is part of what; the default.")
@click.option("--timeline", "form", flag_value="timeline", help="What happened when.")
@config_options
@json_option
def trace(source: Source, *, trace_id: str, form: str, as_json: bool) -> None:
    """Show what happened in an OpenTelemetry trace, or in a session, step by step."""
    from spanledger import show_trace as page

    page.show(source.load(), trace_id, form=form, as_json=as_json)


@click.command(epilog=EPILOG)
@_text("agent", "Only this agent's.", "NAME")
@_text("session", "Only this session's.", "ID")
@_text("status", "Only with this status: completed, failed, cancelled, running.", "STATUS")
@_text("model", "Only with this model.", "NAME")
@_text("tool", "Only those that called this tool.", "NAME")
@click.option("--file", "modified", metavar="PATH", help="Only those that modified this file, or one in this folder.")
@_text("error", "Only those whose error holds this text.")
@click.option("--min-cost", type=click.FloatRange(0), metavar="USD", help="Only what cost at least so much.")
@click.option("--max-cost", type=click.FloatRange(0), metavar="USD", help="Only what cost at most so much.")
@_since
@_limit(20)
@config_options
@json_option
def jobs(source: Source, *, as_json: bool, limit: int, modified: str | None, **where: Any) -> None:
    """List the newest jobs, running ones too."""
    from spanledger import show_jobs as page

    page.show_list(source.load(), _asked(file=modified, **where), limit=limit, as_json=as_json)


@click.command(epilog=EPILOG)
@click.argument("job_id", metavar="ID")
@config_options
@json_option
def job(source: Source, *, job_id: str, as_json: bool) -> None:
    """Tell of one job from prompt to summary: tokens, cost, tool calls, subagents, errors."""
    from spanledger import show_jobs as page

    page.show_one(source.load(), job_id, as_json=as_json)


@click.command(epilog=EPILOG)
@_text("agent", "Only this agent's calls.", "NAME")
@_text("session", "Only this session's calls.", "ID")
@_text("job", "Only this job's calls.", "ID")
@_since
@_limit(50)
@config_options
@json_option
def tools(source: Source, *, as_json: bool, limit: int, **where: str | None) -> None:
    """Count each tool's calls and failures, and how long they took."""
    from spanledger import show_tools as page

    page.show(source.load(), _asked(**where), limit=limit, as_json=as_json)


@click.command(epilog=EPILOG, context_settings=WORDS)
@click.argument("words", metavar="TEXT...", nargs=-1)
@_text("kind", "Only of this kind: llm, tool, agent, job, plan, task, note, summary, ...", "NAME")
@_text("session", "Only of this session.", "ID")
@_text("agent", "Only of this agent.", "NAME")
@_text("project", "Only of this project.", "KEY")
@_text("tool", "Only calls of this tool.", "NAME")
@click.option("--errors", is_flag=True, help="Only what went wrong.")
@click.option("--best", is_flag=True, help="Those that hold the words best first, not the newest.")
@_since
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 100), help="How many to show.")
@config_options
@json_option
def search(  # noqa: PLR0913  what is taken apart from the filters
    source: Source,
    *,
    words: tuple[str, ...],
    as_json: bool,
    limit: int,
    errors: bool,
    best: bool,
    **where: str | None,
) -> None:
    """Search prompts, answers, tool calls, errors and notes for words.

    "Words in quotes" stand behind each other, -this must not be there, begin* is a beginning, this OR that will do.
    """
    from spanledger import show_search as page

    asked = {**_asked(**where), "errors": errors, "order": "best" if best else "newest"}
    page.show(source.load(), " ".join(words), asked, limit=limit, as_json=as_json)


COMMANDS = (sessions, session, trace, jobs, job, tools, search)
