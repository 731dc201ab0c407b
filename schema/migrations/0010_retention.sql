-- What is forgotten on purpose, what never is, and the books about both.

-- How many rows of a raw table were forgotten: stored = kept + forgotten, in the same transaction.
create table forgotten (
  name text primary key,
  rows integer not null
) strict, without rowid;

insert into forgotten (name, rows) values ('raw_spans', 0), ('raw_logs', 0), ('raw_points', 0);

-- What no rule ever takes: a session, or all sessions of an experiment.
create table pins (
  id integer primary key autoincrement,
  kind text not null check (kind in ('session', 'experiment')),
  name text not null,
  note text,
  created_at text not null,
  unique (kind, name)
) strict;

-- One row for each rule that took something, or could not.
create table sweeps (
  id integer primary key autoincrement,
  started_at text not null,
  rule text not null,
  what text not null,
  rows integer not null,
  bytes_freed integer not null,
  oldest_left text,
  left_behind integer not null,
  duration_ms integer not null,
  trouble text
) strict;

-- Finds the rule's last sweeps.
create index idx_sweeps_rule on sweeps (rule, id);

-- What was written to files before it was deleted.
create table archives (
  file text primary key,
  signal text not null,
  day text not null,
  rows integer not null,
  bytes integer not null,
  sha256 text not null,
  created_at text not null
) strict, without rowid;

-- The rules that were agreed to, and up to when they were carried out.
create table retention_state (
  key text primary key,
  value text not null
) strict, without rowid;

-- The sessions that pins are about, those that these started included.
create view pinned_sessions as
with told (session_id) as (
  select name from pins where kind = 'session'
  union
  select e.agent_session_id
  from pins as p
  join experiments as e on e.key = p.name
  where p.kind = 'experiment'
  union
  select r.agent_session_id
  from pins as p
  join experiments as e on e.key = p.name
  join experiment_runs as r on r.experiment_id = e.id
  where p.kind = 'experiment'
  union
  select j.session_id
  from pins as p
  join experiments as e on e.key = p.name
  join experiment_runs as r on r.experiment_id = e.id
  join job_history as j on j.id = r.job_id
  where p.kind = 'experiment'
  union
  select a.agent_session_id
  from pins as p
  join experiments as e on e.key = p.name
  join experiment_artifacts as a on a.experiment_id = e.id
  where p.kind = 'experiment'
)
select session_id from told where session_id is not null
union
select s.session_id from agent_sessions as s where s.parent_session_id in (select session_id from told);

-- Find texts that are to be forgotten, by when they came.
create index agent_traces_content on agent_traces (created_at)
where raw_input is not null or raw_output is not null or data is not null;

create index tool_calls_content on tool_calls (created_at)
where input_preview is not null or output_preview is not null;

create index events_content on events (created_at) where data_json is not null;

create index job_history_content on job_history (created_at)
where prompt is not null or summary is not null or original_prompt is not null;
