-- What the raw records mean: rows that can be made again from them at any time.
-- Times are ISO 8601 UTC text with six decimals, money is whole nano-dollars (`cost_nanos`), absent is null.
-- A `key` names what a row was made of: '<trace>/<span>', or 'log/<sort time>/<fingerprint>'.

-- One row for each record that says what an agent did (seed 002); `trace_id` names the entry, not OpenTelemetry's trace.
create table agent_traces (
  trace_id text primary key,
  parent_trace_id text,
  session_id text,
  type text not null,
  name text,
  timestamp text not null,
  duration_ms real,
  input_tokens integer,
  output_tokens integer,
  model_used text,
  provider_used text,
  estimated_cost_usd real,
  raw_input text,
  raw_output text,
  data text,
  kind text,
  status text,
  error_type text,
  error_message text,
  cache_read_tokens integer,
  cache_write_tokens integer,
  reasoning_tokens integer,
  usage_role text,
  counted integer not null default 0,
  duplicate_of text,
  cost_nanos integer,
  cost_source text,
  emitter text,
  job_id text,
  agent_id text,
  otel_trace_id text,
  otel_span_id text,
  rollup_input_tokens integer,
  rollup_output_tokens integer,
  truncated_in integer not null default 0,
  truncated_out integer not null default 0,
  created_at text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) strict;

-- Lists a session's entries in order.
create index idx_traces_session on agent_traces (session_id, timestamp, trace_id);

-- Finds the entries of an OpenTelemetry trace.
create index agent_traces_otel on agent_traces (otel_trace_id) where otel_trace_id is not null;

-- Lists entries of a type by time.
create index idx_traces_type on agent_traces (type, timestamp, trace_id);

-- Lists entries by time.
create index idx_traces_timestamp on agent_traces (timestamp, trace_id);

-- Forgets old entries that programs wrote themselves.
create index agent_traces_by_hand on agent_traces (timestamp) where emitter = 'api';

-- Settings of seed 002, such as `retention_days`.
create table trace_settings (
  key text primary key,
  value text not null
) strict, without rowid;

insert into trace_settings (key, value) values ('retention_days', '30');

create table model_calls (
  call_id text primary key,
  session_id text,
  job_id text,
  trace_id text,
  span_id text,
  agent_id text,
  agent_name text,
  provider text,
  model text,
  request_model text,
  response_id text,
  started_at text not null,
  duration_ms real,
  input_tokens integer,
  output_tokens integer,
  cache_read_tokens integer,
  cache_write_tokens integer,
  reasoning_tokens integer,
  cost_nanos integer,
  cost_usd real generated always as (cost_nanos / 1e9) virtual,
  cost_source text,
  price_version text,
  finish_reason text,
  status text not null,
  error_type text,
  error_message text,
  usage_role text not null,
  counted integer not null,
  emitter text not null,
  sources text not null,
  created_at text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) strict;

create index idx_model_calls_session on model_calls (session_id, started_at);
create index idx_model_calls_job on model_calls (job_id) where job_id is not null;
create index idx_model_calls_started on model_calls (started_at);
create index idx_model_calls_unpriced on model_calls (provider, model) where cost_source = 'unknown_model';

create table tool_calls (
  id integer primary key autoincrement,
  job_id text not null,
  name text not null,
  is_error integer not null default 0,
  timestamp text,
  input_preview text,
  output_preview text,
  created_at text default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  key text not null unique,
  session_id text,
  call_id text,
  agent_id text,
  agent_name text,
  trace_id text,
  span_id text,
  duration_ms real,
  status text,
  error_type text,
  error_message text,
  file_path text,
  emitter text,
  sources text
) strict;

create index idx_tool_calls_job on tool_calls (job_id, ifnull(timestamp, ''), id);

-- Counts the calls of each tool, of an agent or since a time, and sorts them by duration, without reading the rows.
create index idx_tool_calls_name on tool_calls (name, duration_ms, is_error, timestamp, agent_name);
create index idx_tool_calls_session on tool_calls (session_id, ifnull(timestamp, ''), id);

create table job_history (
  id text primary key,
  status text not null,
  model text not null,
  reasoning_effort text not null,
  cwd text,
  prompt text,
  summary text,
  session_id text,
  started_at text,
  completed_at text,
  elapsed_ms integer,
  input_tokens integer,
  output_tokens integer,
  context_used_pct real,
  context_window integer,
  estimated_cost real,
  tool_call_count integer,
  failed_tool_calls integer,
  primary_tool text,
  files_modified_count integer,
  files_modified_json text,
  message_count integer,
  user_message_count integer,
  has_session integer default 0,
  reuse_count integer default 0,
  original_prompt text,
  created_at text default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  agent_name text,
  trace_id text,
  span_id text,
  error_type text,
  error_message text,
  cache_read_tokens integer,
  cache_write_tokens integer,
  reasoning_tokens integer,
  cost_nanos integer,
  cost_source text,
  usage_incomplete integer not null default 0,
  frozen integer not null default 0,
  source text not null default 'otlp',
  emitter text
) strict;

-- Find the jobs of a day.
create index idx_job_history_started on job_history (started_at);
create index idx_job_history_completed on job_history (completed_at);

-- List jobs by time, all of them or a session's or an agent's.
create index idx_job_history_time on job_history (ifnull(started_at, created_at), id);
create index idx_job_history_session on job_history (session_id, ifnull(started_at, created_at), id);
create index idx_job_history_agent on job_history (agent_name, ifnull(started_at, created_at), id);

-- Jobs that nothing says have ended; one moves to `job_history` when it does.
create table open_jobs (
  id text primary key,
  session_id text,
  agent_name text,
  model text,
  cwd text,
  prompt text,
  started_at text,
  last_seen_at text,
  input_tokens integer,
  output_tokens integer,
  cost_nanos integer,
  tool_call_count integer,
  failed_tool_calls integer,
  trace_id text,
  span_id text,
  emitter text
) strict;

create index idx_open_jobs_session on open_jobs (session_id);
create index idx_open_jobs_time on open_jobs (ifnull(started_at, ifnull(last_seen_at, '')), id);

create table job_subagents (
  id integer primary key autoincrement,
  job_id text not null,
  subagent_id text not null,
  tool_call_count integer default 0,
  message_count integer default 0,
  created_at text default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  name text,
  input_tokens integer,
  output_tokens integer,
  cost_nanos integer,
  unique (job_id, subagent_id)
) strict;

create index idx_subagents_job on job_subagents (job_id);

create table events (
  id integer primary key autoincrement,
  timestamp text not null,
  job_id text not null,
  event_type text not null,
  tool_name text,
  file_path text,
  data_json text,
  created_at text default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  key text unique,
  session_id text,
  trace_id text,
  span_id text,
  emitter text
) strict;

create index idx_events_job on events (job_id);
create index idx_events_trace on events (trace_id) where trace_id is not null;
create index idx_events_session on events (session_id, timestamp);

create table daily_metrics (
  date text primary key,
  jobs_started integer default 0,
  jobs_completed integer default 0,
  jobs_failed integer default 0,
  total_input_tokens integer default 0,
  total_output_tokens integer default 0,
  total_elapsed_ms integer default 0,
  files_modified_count integer default 0
) strict;

-- Sessions of seed 003.
create table agent_sessions (
  session_id text primary key,
  agent_name text not null,
  workspace_path text not null default '',
  started_at text not null,
  ended_at text,
  exit_reason text,
  issues_claimed text,
  skills_used text,
  model_tier text,
  context_tokens integer,
  created_at text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  last_seen_at text,
  closed_by text,
  synthetic integer not null default 0,
  previous_id text,
  parent_session_id text,
  project_key text,
  user_id text,
  git_branch text,
  emitter text,
  source text not null default 'otlp'
) strict;

create index idx_agent_sessions_parent on agent_sessions (parent_session_id) where parent_session_id is not null;
create index idx_agent_sessions_previous on agent_sessions (previous_id) where previous_id is not null;
-- List sessions by time, all of them, an agent's or the active ones.
create index idx_agent_sessions_started on agent_sessions (started_at, session_id);
create index idx_agent_sessions_agent on agent_sessions (agent_name, started_at, session_id);
create index idx_agent_sessions_active on agent_sessions (started_at, session_id) where ended_at is null;

-- Finds open sessions that have been quiet.
create index idx_agent_sessions_open on agent_sessions (last_seen_at) where ended_at is null;

-- Each run of an agent in a session, the main thread included.
create table agents (
  agent_id text primary key,
  session_id text not null,
  parent_agent_id text,
  job_id text,
  name text,
  model text,
  status text,
  started_at text,
  ended_at text,
  input_tokens integer,
  output_tokens integer,
  cost_nanos integer,
  cost_usd real generated always as (cost_nanos / 1e9) virtual,
  tool_call_count integer,
  message_count integer,
  emitter text,
  created_at text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) strict;

create index idx_agents_session on agents (session_id);

-- Seed 002's sessions; what can be counted is counted when asked.
create view agent_trace_sessions as
select
  s.session_id, s.agent_name, s.started_at, s.ended_at, s.exit_reason,
  case when s.ended_at is null then 'active' else 'ended' end as status,
  (select count(*) from agent_traces as t where t.session_id = s.session_id) as total_events,
  (
    select sum(coalesce(t.input_tokens + t.output_tokens, t.input_tokens, t.output_tokens))
    from agent_traces as t
    where t.session_id = s.session_id and t.counted = 1
  ) as total_tokens,
  (
    select sum(t.cost_nanos) / 1e9
    from agent_traces as t
    where t.session_id = s.session_id and t.counted = 1
  ) as total_cost_usd
from agent_sessions as s;

-- Prices per million tokens in dollars; what a user sets wins (source 'user'), what is imported says where it is from.
create table model_prices (
  provider text not null,
  model text not null,
  valid_from text not null default '1970-01-01',
  input_mtok text,
  cache_read_mtok text,
  cache_write_mtok text,
  output_mtok text,
  context_window integer,
  source text not null,
  primary key (provider, model, valid_from, source)
) strict, without rowid;

-- What holds traces together that name no common session: 'trace:<cause>', 'call:…:<tool call>' or 'prompt:…:<digest>'.
create table trace_ties (
  tie text not null,
  trace_id text not null,
  session_id text,
  primary key (tie, trace_id)
) strict, without rowid;

create index idx_trace_ties_session on trace_ties (session_id);

-- How far the raw records have been read: the newest id of each signal.
create table derived_positions (
  signal text primary key,
  after_id integer not null
) strict, without rowid;

-- What metric points tell of the tokens and the money of sessions, folded: a row for each series and start.
-- `series` is made of a series' content, `start` is 0 where points of all starts are added up; times are Unix nanoseconds.
-- `settled` is what counts whatever comes, in tokens or nano-dollars, `recent` the steps after it: times and values.
-- `after_id` is the last point that is in it. The rest says what the series is about, as the mapping has it.
create table usage_series (
  series integer not null,
  start integer not null,
  session_id text not null,
  metric text not null,
  part text not null,
  is_sum integer not null,
  scope text not null,
  emitter text not null,
  provider text,
  model text,
  agent_name text,
  by_resource integer not null,
  workspace_path text,
  project_key text,
  user_id text,
  git_branch text,
  kind text not null,
  settled integer not null,
  recent text not null,
  began integer not null,
  first_time integer not null,
  last_time integer not null,
  after_id integer not null,
  primary key (series, start)
) strict, without rowid;

-- Finds the series of a session.
create index usage_series_session on usage_series (session_id);

-- Which attribute keys records had, by who made them and its version: what an update renamed or dropped shows here.
-- `source` is the program, or the library and the service that uses it; `name` the kind of a span, or the event's name.
-- `field` is what a key is read as, if that matters. A row without a key counts the records of a name; failed ones are left out.
create table inventory (
  source text not null,
  version text not null,
  signal text not null,
  name text not null,
  key text not null,
  type text not null,
  field text,
  emitter text not null,
  count integer not null,
  first_seen text not null,
  last_seen text not null,
  primary key (source, version, signal, name, key, type)
) strict, without rowid;
