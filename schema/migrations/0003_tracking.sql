-- The book of work (seeds 000 and 003) and the projects that it belongs to (seed 001).
-- Times of seed 000's tables are ISO 8601 UTC text in whole seconds with '+00:00', as that seed writes them.
-- A column in `_ns` is the event time, Unix nanoseconds, of the last command that set a group of fields: an older one is stale.
-- `event_id` is the idempotency key of the command that appended a row.
-- `agent_session_id`, `job_id`, `trace_id` and `span_id` say from where a row was written; null is not known.

create table projects (
  id integer primary key autoincrement,
  key text not null unique,
  name text not null,
  path text,
  repo_url text,
  created_at text not null,
  updated_at text,
  described_ns integer
) strict;

create index idx_projects_created on projects (created_at, id);

create table feature_plans (
  id integer primary key autoincrement,
  key text not null unique,
  title text not null,
  status text not null check (status in ('pending', 'in_progress', 'paused', 'completed', 'cancelled')),
  owner text,
  started_at text,
  updated_at text,
  created_at text not null,
  described_ns integer,
  status_ns integer,
  project_key text,
  agent_session_id text,
  job_id text
) strict;

create index idx_feature_plans_created on feature_plans (created_at, id);
create index idx_feature_plans_status on feature_plans (status, created_at, id);
create index idx_feature_plans_project on feature_plans (project_key, created_at, id);

-- `client_key` is the agent's own name of a task.
create table plan_tasks (
  id integer primary key autoincrement,
  plan_id integer not null references feature_plans (id),
  title text not null,
  status text not null check (status in ('pending', 'in_progress', 'paused', 'completed', 'cancelled')),
  notes text,
  created_at text not null,
  updated_at text,
  client_key text,
  event_id text unique,
  notes_ns integer,
  status_ns integer,
  agent_session_id text,
  job_id text,
  trace_id text,
  span_id text
) strict;

create unique index plan_tasks_client_key on plan_tasks (plan_id, client_key) where client_key is not null;
create index idx_plan_tasks_plan on plan_tasks (plan_id, status);
create index idx_plan_tasks_created on plan_tasks (plan_id, created_at, id);
create index idx_plan_tasks_title on plan_tasks (plan_id, title);

create table refactors (
  id integer primary key autoincrement,
  key text not null unique,
  title text not null,
  status text not null check (status in ('pending', 'in_progress', 'paused', 'completed', 'cancelled')),
  notes text,
  started_at text,
  updated_at text,
  created_at text not null,
  described_ns integer,
  status_ns integer,
  project_key text,
  agent_session_id text,
  job_id text
) strict;

create index idx_refactors_created on refactors (created_at, id);
create index idx_refactors_status on refactors (status, created_at, id);
create index idx_refactors_project on refactors (project_key, created_at, id);

create table debug_sessions (
  id integer primary key autoincrement,
  key text not null unique,
  title text not null,
  status text not null check (status in ('pending', 'in_progress', 'paused', 'completed', 'cancelled')),
  hypothesis text,
  scope text,
  started_at text not null,
  updated_at text,
  status_ns integer,
  project_key text,
  agent_session_id text,
  job_id text
) strict;

create index idx_debug_sessions_started on debug_sessions (started_at, id);
create index idx_debug_sessions_status on debug_sessions (status, started_at, id);
create index idx_debug_sessions_project on debug_sessions (project_key, started_at, id);

create table debug_notes (
  id integer primary key autoincrement,
  session_id integer not null references debug_sessions (id),
  note text not null,
  created_at text not null,
  event_id text unique,
  agent_session_id text,
  job_id text,
  trace_id text,
  span_id text
) strict;

create index idx_debug_notes_session on debug_notes (session_id, created_at, id);

create table experiments (
  id integer primary key autoincrement,
  key text not null unique,
  title text not null,
  objective text,
  owner text,
  status text not null check (status in ('pending', 'in_progress', 'paused', 'completed', 'cancelled')),
  created_at text not null,
  updated_at text,
  described_ns integer,
  status_ns integer,
  project_key text,
  agent_session_id text,
  job_id text
) strict;

create index idx_experiments_created on experiments (created_at, id);
create index idx_experiments_status on experiments (status, created_at, id);
create index idx_experiments_project on experiments (project_key, created_at, id);

-- A run that is told again keeps its id and `created_at`; `told_ns` is the event time of what it says now.
create table experiment_runs (
  id integer primary key autoincrement,
  experiment_id integer not null references experiments (id),
  run_no integer not null,
  params_json text not null,
  metrics_json text,
  outcome text not null check (outcome in ('pass', 'fail', 'inconclusive')),
  created_at text not null,
  updated_at text,
  told_ns integer,
  agent_session_id text,
  job_id text,
  trace_id text,
  span_id text,
  unique (experiment_id, run_no)
) strict;

create table experiment_artifacts (
  id integer primary key autoincrement,
  experiment_id integer not null references experiments (id),
  run_id integer references experiment_runs (id),
  type text not null,
  path text not null,
  created_at text not null,
  event_id text unique,
  agent_session_id text,
  job_id text,
  trace_id text,
  span_id text
) strict;

create index idx_experiment_artifacts_experiment on experiment_artifacts (experiment_id, created_at, id);
create index idx_experiment_artifacts_run on experiment_artifacts (run_id) where run_id is not null;

create table summaries (
  id integer primary key autoincrement,
  entity_type text not null,
  entity_id integer not null,
  style text not null,
  text text not null check (style <> 'short' or length(text) <= 280),
  created_at text not null,
  event_id text unique,
  agent_session_id text,
  job_id text,
  trace_id text,
  span_id text
) strict;

create index idx_summaries_created on summaries (created_at, id);
create index idx_summaries_type on summaries (entity_type, created_at, id);
create index idx_summaries_entity on summaries (entity_type, entity_id, created_at, id);

-- Times of seed 003's tables are written as in `agent_sessions`.
create table agent_issue_work (
  work_id text primary key,
  issue_id text not null,
  session_id text not null references agent_sessions (session_id) on delete cascade,
  agent_name text not null,
  started_at text not null,
  ended_at text,
  status_changes text,
  decision_rationale text,
  work_notes text,
  completed integer not null default 0 check (completed in (0, 1)),
  event_id text unique,
  ended_ns integer,
  project_key text,
  job_id text,
  trace_id text,
  span_id text
) strict;

create index idx_issue_work_issue on agent_issue_work (issue_id, started_at, work_id);
create index idx_issue_work_session on agent_issue_work (session_id, started_at, work_id);
create index idx_issue_work_open on agent_issue_work (session_id, issue_id, started_at) where ended_at is null;
create index idx_issue_work_started on agent_issue_work (started_at, work_id);
create index idx_issue_work_agent on agent_issue_work (agent_name, started_at, work_id);

create table agent_skill_usage (
  usage_id text primary key,
  session_id text not null references agent_sessions (session_id) on delete cascade,
  skill_name text not null,
  loaded_at text not null,
  used_for_issue_id text,
  context_added integer,
  event_id text unique,
  job_id text,
  trace_id text,
  span_id text,
  emitter text
) strict;

create index idx_skill_usage_session on agent_skill_usage (session_id, loaded_at, usage_id);
create index idx_skill_usage_skill on agent_skill_usage (skill_name, loaded_at, usage_id);
create index idx_skill_usage_loaded on agent_skill_usage (loaded_at, usage_id);

-- Which commands were done, by their idempotency keys: one that comes again changes nothing and is told the same row.
create table tracking_receipts (
  event_id text not null,
  event_name text not null,
  row_id any,
  applied_at text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  primary key (event_id, event_name)
) strict, without rowid;

-- Forgets the oldest.
create index idx_tracking_receipts_applied on tracking_receipts (applied_at);
