"""Write sessions as rows of `agent_sessions` (seed 003)."""

from collections.abc import Sequence
from typing import Final

from derive.sums import Priced, model_of, most_written
from derive.text import iso, maybe_iso
from mapping.session_ends import Session
from mapping.tiers import tier_of
from schema.derived import BY_METRIC, RECORDED, Row

UNKNOWN: Final = "unknown"


def session_row(session: Session, main: Sequence[Priced]) -> Row:
    """Write a session; `main` are the model calls of its main threads, by start."""
    call = most_written(main)
    model = model_of(call) if call else None
    return (
        session.session_id,
        session.agent_name or UNKNOWN,
        session.workspace or "",
        iso(session.started),
        maybe_iso(session.ended),
        session.exit_reason,
        session.model_tier or (tier_of(model) if model else None),
        _context_tokens(main) if session.context_tokens is None else session.context_tokens,
        iso(session.last_seen),
        session.closed_by,
        int(session.synthetic),
        session.previous_id,
        session.parent_session_id,
        session.project_key,
        session.user_id,
        session.git_branch,
        session.emitter,
        RECORDED,
        session.phase,
    )


def _context_tokens(main: Sequence[Priced]) -> int | None:
    """Give what the last call held: its input and its output; what metrics tell is no single call."""
    calls = [call for call, _ in main if call.role != BY_METRIC]
    told = [call.fact.model.tokens for call in calls if call.fact.model and call.fact.model.tokens]
    return (told[-1].input or 0) + (told[-1].output or 0) if told else None
