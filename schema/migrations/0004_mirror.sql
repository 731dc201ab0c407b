-- Work sessions, read from session directories (seed 001). The files are the truth; a row is what they said when last read.
-- Times are written as in `agent_sessions`. A row whose directory vanished stays, and `missing_since` says since when.
-- `digest` is of what was read, so that what has not changed is not written again.

create table sessions (
  session_id text primary key,
  project_key text,
  title text,
  description text,
  phase text,
  status text,
  session_type text,
  checkpoint_count integer not null,
  checkpoints_completed integer not null,
  current_checkpoint text,
  agent_count integer not null,
  started_at text,
  updated_at text,
  ended_at text,
  previous_session_id text,
  parent_session_id text,
  git_branch text,
  path text not null,
  documents text not null,
  data text not null,
  read_at text not null,
  digest text not null,
  missing_since text
) strict;

create index idx_sessions_phase on sessions (phase, updated_at);
create index idx_sessions_project on sessions (project_key, updated_at);
create index idx_sessions_updated on sessions (updated_at, session_id);
create index idx_sessions_checkpoints on sessions (checkpoint_count);
create index idx_sessions_path on sessions (path);

create table session_checkpoints (
  session_id text not null,
  ordinal integer not null,
  checkpoint_id text not null,
  title text,
  status text,
  phase text,
  started_at text,
  completed_at text,
  data text,
  primary key (session_id, ordinal)
) strict, without rowid;

create table session_phases (
  session_id text not null,
  ordinal integer not null,
  phase text not null,
  status text,
  started_at text,
  ended_at text,
  data text,
  primary key (session_id, ordinal)
) strict, without rowid;

create index idx_session_phases_phase on session_phases (phase);

-- What a session directory says of its agents; what telemetry says of them is in `agents`, under `agent_id`.
-- Tokens and money are what was told here: they are never counted.
create table session_agents (
  session_id text not null,
  ordinal integer not null,
  agent_id text not null,
  told_id text,
  name text,
  role text,
  model text,
  status text,
  phase text,
  checkpoint_id text,
  task text,
  error_message text,
  started_at text,
  ended_at text,
  told_input_tokens integer,
  told_output_tokens integer,
  told_cost_usd real,
  data text,
  primary key (session_id, ordinal)
) strict, without rowid;

create index idx_session_agents_status on session_agents (status);

-- Session directories that could not be read, each with why.
create table mirror_troubles (
  path text primary key,
  reason text not null,
  since text not null
) strict;

create index idx_agents_status on agents (status) where status = 'failed';

-- What was told of an agent line by line; `agent_logs` shows it beside what telemetry tells.
create table agent_log_entries (
  key text primary key,
  agent_id text,
  session_id text,
  timestamp text,
  level text not null default 'INFO',
  event_type text,
  message text,
  tokens integer,
  cost real,
  job_id text,
  trace_id text,
  span_id text,
  data text,
  emitter text not null
) strict;

create index idx_agent_log_entries_session on agent_log_entries (session_id, timestamp);
create index idx_agent_log_entries_agent on agent_log_entries (agent_id, timestamp) where agent_id is not null;
create index idx_agent_log_entries_timestamp on agent_log_entries (timestamp);

-- Only lines with counted = 1 are part of sums.
create view agent_logs as
select
  key, agent_id, session_id, timestamp, level, event_type, message, tokens, cost, 0 as counted, job_id, trace_id, span_id,
  data, emitter
from agent_log_entries
union all
select
  trace_id, agent_id, session_id, timestamp, iif(status = 'error', 'ERROR', 'INFO'), type,
  substr(concat_ws(': ', nullif(concat_ws(' ', kind, name), ''), coalesce(error_message, error_type)), 1, 500),
  coalesce(input_tokens + output_tokens, input_tokens, output_tokens), estimated_cost_usd, counted, job_id, otel_trace_id,
  otel_span_id, data, emitter
from agent_traces;
