-- What sessions, jobs, model calls and tool calls were for: `kind` is project, plan, task, refactor, debug, experiment,
-- run, issue or session: a work session, whose own directory may name the sessions of telemetry that are its own
-- (`level` session; the column `session_id` is null then). A task's key is '<plan>#<task>', a run's '<experiment>#<number>'.
-- `level` says what `id` names: a session, a job, a call (model_calls.call_id) or a tool (tool_calls.key).
create table work_links (
  kind text not null,
  key text not null,
  level text not null,
  id text not null,
  session_id text,
  primary key (kind, key, level, id)
) strict, without rowid;

-- Finds the links of a session.
create index idx_work_links_session on work_links (session_id);

-- Says whether a call is linked to any work of a kind.
create index idx_work_links_id on work_links (id, kind);
