"""Write jobs: finished ones to `job_history`, the others to `open_jobs`, and the subagents of both (mapping.md C.5)."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from derive.calls import Rows
from derive.sums import Priced, Sums, model_of, most_written
from derive.text import iso, json_text, maybe_iso
from mapping.jobs import Job
from mapping.subagents import MAIN, Run
from mapping.tools import ToolCall
from pricing.catalogue import Catalogue
from schema.derived import Row

UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Work:
    """Hold a job with all that was done in it; `main` are the model calls of its main thread, by start.

    `model` is the one that wrote the most, `sums` are over all of its calls.
    """

    job: Job
    agent_name: str | None
    main: Sequence[Priced]
    tools: Sequence[ToolCall]
    model: str | None
    sums: Sums

    @classmethod
    def of(
        cls, job: Job, agent: str | None, calls: Sequence[Priced], main: Sequence[Priced], tools: Sequence[ToolCall]
    ) -> "Work":
        """Add up what was done, once for all rows that tell of it."""
        call = most_written(main or calls)
        return cls(job, agent, main, tools, model_of(call) if call else None, Sums.of(calls))


def history_row(work: Work, prices: Catalogue) -> Row:
    """Write a job that is over."""
    job, told, sums = work.job, work.job.told, work.sums
    files = sorted({*_files(work.tools), *job.files})
    ended = job.last if job.ended is None else job.ended
    used, window = _context(work, prices)
    window = told.get("agent.context.window", window)
    used = told.get("agent.context.tokens", used)
    share = 100 * used / window if used is not None and window else None
    return (
        job.id,
        job.outcome.status,
        work.model or told.get("model.name") or UNKNOWN,
        told.get("agent.job.reasoning_effort") or job.reasoning_effort or "",
        job.cwd,
        job.prompt,
        told.get("agent.job.summary") or job.answer,
        job.session_id,
        iso(job.started),
        iso(ended),
        max(0, ended - job.started) // 1_000_000,
        sums.input,
        sums.output,
        told.get("agent.context.used_pct", share),
        window,
        told.get("agent.job.cost_usd", None if sums.nanos is None else sums.nanos / 1e9),
        len(work.tools),
        sum(call.fact.failed for call in work.tools),
        _primary(work.tools),
        len(files),
        json_text(files),
        told.get("agent.job.message_count", job.user_messages + len(work.main)),
        told.get("agent.job.user_message_count", job.user_messages),
        int(job.has_session),
        work.agent_name,
        *(job.root or (None, None)),
        job.outcome.error_type,
        job.outcome.error_message,
        sums.cache_read,
        sums.cache_write,
        sums.reasoning,
        sums.nanos,
        sums.cost_source,
        0,
        job.emitter,
        told.get("agent.job.original_prompt"),
        told.get("agent.job.reuse_count", 0),
    )


def open_row(work: Work) -> Row:
    """Write a job that goes on."""
    job, sums = work.job, work.sums
    return (
        job.id,
        job.session_id,
        work.agent_name,
        work.model,
        job.cwd,
        job.prompt,
        iso(job.started),
        iso(job.last),
        sums.input,
        sums.output,
        sums.nanos,
        len(work.tools),
        sum(call.fact.failed for call in work.tools),
        *(job.root or (None, None)),
        job.emitter,
    )


def subagent_rows(runs: Sequence[tuple[Run, Sums]]) -> Rows:
    """Write the subagents of jobs."""
    return {
        (run.job_id, run.agent_id): (
            run.job_id,
            run.agent_id,
            run.tool_calls,
            run.messages,
            run.name,
            sums.input,
            sums.output,
            sums.nanos,
        )
        for run, sums in runs
        if run.job_id is not None and not run.agent_id.endswith(MAIN) and not run.beside
    }


def agent_rows(runs: Sequence[tuple[Run, Sums]], is_over: Callable[[Run], bool], emitters: Mapping[str, str]) -> Rows:
    """Write runs of agents; `emitters` says by session which program told of them."""
    return {
        (run.agent_id,): _agent(run, sums, emitters.get(run.session_id), over=is_over(run))
        for run, sums in runs
        if run.session_id
    }


def _agent(run: Run, sums: Sums, emitter: str | None, *, over: bool) -> Row:
    return (
        run.agent_id,
        run.session_id,
        run.parent_agent_id,
        run.job_id,
        run.name,
        run.model,
        run.status or (run.outcome.status if over else "running"),
        iso(run.started),
        maybe_iso(run.ended if over else None),
        sums.input,
        sums.output,
        sums.nanos,
        run.tool_calls,
        run.messages,
        emitter,
    )


def _context(work: Work, prices: Catalogue) -> tuple[int | None, int | None]:
    """Give the tokens of the main thread's last call, and how many its model can read."""
    told = [call for call, _ in work.main if call.fact.model and call.fact.model.tokens and not call.fact.failed]
    if not told or (model := told[-1].fact.model) is None:
        return None, None
    used = (model.tokens.input or 0) + (model.tokens.output or 0)
    return used, prices.context_window(model.provider, model.model or model.request_model)


def _primary(tools: Sequence[ToolCall]) -> str | None:
    """Name the tool that was used most, the earliest of several."""
    names = Counter(call.fact.tool.name for call in tools if call.fact.tool and call.fact.tool.name)
    return next((name for name, _ in names.most_common(1)), None)


def _files(tools: Sequence[ToolCall]) -> list[str]:
    """List the files that successful calls wrote."""
    return sorted({path for call in tools for path in call.wrote})
