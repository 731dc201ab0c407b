-- Every document that is searched, from the tables that hold its texts: all have the same columns.
-- `?1` is a JSON array of keys; the order is that of the keys.

-- name: document_entry
-- Read entries: what models and tools were given and gave back.
select
  e.trace_id as key, ifnull(e.kind, 'other') as kind, e.timestamp as at, e.session_id as session_id,
  e.job_id as job_id, e.otel_trace_id as trace_id,
  coalesce(c.agent_name, m.agent_name, s.agent_name) as agent_name, s.project_key as project_key,
  c.name as tool_name, e.status as status, e.status is 'error' as failed, e.name as title,
  e.raw_input as input, e.raw_output as output,
  nullif(concat_ws(': ', e.error_type, e.error_message), '') as error, e.data as notes, null as part_of,
  e.truncated_in or e.truncated_out as is_cut
from json_each(?1) as k
join agent_traces as e on e.trace_id = k.value
left join agent_sessions as s on s.session_id = e.session_id
left join tool_calls as c on c.key = e.trace_id
left join model_calls as m on m.call_id = e.trace_id;

-- name: document_job
-- Read jobs that are over.
select
  j.id as key, 'job' as kind, coalesce(j.started_at, j.completed_at, j.created_at) as at,
  j.session_id as session_id, j.id as job_id, j.trace_id as trace_id,
  ifnull(j.agent_name, s.agent_name) as agent_name, s.project_key as project_key, null as tool_name,
  j.status as status, j.status is 'failed' as failed, null as title, j.prompt as input, j.summary as output,
  nullif(concat_ws(': ', j.error_type, j.error_message), '') as error,
  nullif(j.original_prompt, j.prompt) as notes, null as part_of
from json_each(?1) as k
join job_history as j on j.id = k.value
left join agent_sessions as s on s.session_id = j.session_id;

-- name: document_call
-- Read tool calls that programs told with a job; the others are read as entries.
select
  c.key as key, 'tool' as kind, ifnull(c.timestamp, c.created_at) as at, c.session_id as session_id, c.job_id as job_id,
  c.trace_id as trace_id, ifnull(c.agent_name, s.agent_name) as agent_name, s.project_key as project_key,
  c.name as tool_name, ifnull(c.status, iif(c.is_error, 'error', 'ok')) as status, c.is_error as failed,
  null as title, c.input_preview as input, c.output_preview as output,
  nullif(concat_ws(': ', c.error_type, c.error_message), '') as error, null as notes, null as part_of
from json_each(?1) as k
join tool_calls as c on c.key = k.value
left join agent_sessions as s on s.session_id = c.session_id
where c.emitter is 'api'
and not exists (select 1 from agent_traces as e where e.trace_id = c.key);

-- name: document_plan
-- Read feature plans.
select
  cast(p.id as text) as key, 'plan' as kind, p.created_at as at, p.agent_session_id as session_id,
  p.job_id as job_id, null as trace_id, s.agent_name as agent_name,
  ifnull(p.project_key, s.project_key) as project_key, null as tool_name, p.status as status, 0 as failed,
  p.title as title, null as input, null as output, null as error, p.key as notes, p.key as part_of
from json_each(?1) as k
join feature_plans as p on p.id = k.value
left join agent_sessions as s on s.session_id = p.agent_session_id;

-- name: document_task
-- Read tasks of plans.
select
  cast(t.id as text) as key, 'task' as kind, t.created_at as at, t.agent_session_id as session_id,
  t.job_id as job_id, t.trace_id as trace_id, s.agent_name as agent_name,
  ifnull(p.project_key, s.project_key) as project_key, null as tool_name, t.status as status, 0 as failed,
  t.title as title, null as input, null as output, null as error, t.notes as notes, p.key as part_of
from json_each(?1) as k
join plan_tasks as t on t.id = k.value
join feature_plans as p on p.id = t.plan_id
left join agent_sessions as s on s.session_id = t.agent_session_id;

-- name: document_refactor
-- Read refactors.
select
  cast(r.id as text) as key, 'refactor' as kind, r.created_at as at, r.agent_session_id as session_id,
  r.job_id as job_id, null as trace_id, s.agent_name as agent_name,
  ifnull(r.project_key, s.project_key) as project_key, null as tool_name, r.status as status, 0 as failed,
  r.title as title, null as input, null as output, null as error,
  nullif(concat_ws(char(10), r.key, r.notes), '') as notes, r.key as part_of
from json_each(?1) as k
join refactors as r on r.id = k.value
left join agent_sessions as s on s.session_id = r.agent_session_id;

-- name: document_debug
-- Read debug sessions.
select
  cast(d.id as text) as key, 'debug' as kind, d.started_at as at, d.agent_session_id as session_id,
  d.job_id as job_id, null as trace_id, s.agent_name as agent_name,
  ifnull(d.project_key, s.project_key) as project_key, null as tool_name, d.status as status, 0 as failed,
  d.title as title, null as input, null as output, null as error,
  nullif(concat_ws(char(10), d.key, d.hypothesis, d.scope), '') as notes, d.key as part_of
from json_each(?1) as k
join debug_sessions as d on d.id = k.value
left join agent_sessions as s on s.session_id = d.agent_session_id;

-- name: document_note
-- Read notes of debug sessions.
select
  cast(n.id as text) as key, 'note' as kind, n.created_at as at, n.agent_session_id as session_id,
  n.job_id as job_id, n.trace_id as trace_id, s.agent_name as agent_name,
  ifnull(d.project_key, s.project_key) as project_key, null as tool_name, d.status as status, 0 as failed,
  d.title as title, null as input, null as output, null as error, n.note as notes, d.key as part_of
from json_each(?1) as k
join debug_notes as n on n.id = k.value
join debug_sessions as d on d.id = n.session_id
left join agent_sessions as s on s.session_id = n.agent_session_id;

-- name: document_experiment
-- Read experiments.
select
  cast(x.id as text) as key, 'experiment' as kind, x.created_at as at, x.agent_session_id as session_id,
  x.job_id as job_id, null as trace_id, s.agent_name as agent_name,
  ifnull(x.project_key, s.project_key) as project_key, null as tool_name, x.status as status, 0 as failed,
  x.title as title, null as input, null as output, null as error,
  nullif(concat_ws(char(10), x.key, x.objective), '') as notes, x.key as part_of
from json_each(?1) as k
join experiments as x on x.id = k.value
left join agent_sessions as s on s.session_id = x.agent_session_id;

-- name: document_run
-- Read runs of experiments.
select
  cast(r.id as text) as key, 'run' as kind, r.created_at as at, r.agent_session_id as session_id,
  r.job_id as job_id, r.trace_id as trace_id, s.agent_name as agent_name,
  ifnull(x.project_key, s.project_key) as project_key, null as tool_name, r.outcome as status,
  r.outcome is 'fail' as failed, x.title || ' #' || r.run_no as title, r.params_json as input,
  r.metrics_json as output, null as error, null as notes, x.key as part_of
from json_each(?1) as k
join experiment_runs as r on r.id = k.value
join experiments as x on x.id = r.experiment_id
left join agent_sessions as s on s.session_id = r.agent_session_id;

-- name: document_artifact
-- Read artifacts of experiments.
select
  cast(f.id as text) as key, 'artifact' as kind, f.created_at as at, f.agent_session_id as session_id,
  f.job_id as job_id, f.trace_id as trace_id, s.agent_name as agent_name,
  ifnull(x.project_key, s.project_key) as project_key, null as tool_name, null as status, 0 as failed,
  f.path as title, null as input, null as output, null as error, f.type as notes, x.key as part_of
from json_each(?1) as k
join experiment_artifacts as f on f.id = k.value
join experiments as x on x.id = f.experiment_id
left join agent_sessions as s on s.session_id = f.agent_session_id;

-- name: document_summary
-- Read summaries.
select
  cast(y.id as text) as key, 'summary' as kind, y.created_at as at, y.agent_session_id as session_id,
  y.job_id as job_id, y.trace_id as trace_id, s.agent_name as agent_name, s.project_key as project_key,
  null as tool_name, null as status, 0 as failed,
  y.style || ' summary of ' || y.entity_type || ' ' || y.entity_id as title, null as input, null as output,
  null as error, y.text as notes, y.entity_type || '/' || y.entity_id as part_of
from json_each(?1) as k
join summaries as y on y.id = k.value
left join agent_sessions as s on s.session_id = y.agent_session_id;

-- name: document_issue
-- Read work on issues.
select
  cast(w.work_id as text) as key, 'issue' as kind, w.started_at as at, w.session_id as session_id,
  w.job_id as job_id, w.trace_id as trace_id, w.agent_name as agent_name,
  ifnull(w.project_key, s.project_key) as project_key, null as tool_name,
  iif(w.completed, 'completed', 'in_progress') as status, 0 as failed, w.issue_id as title, null as input,
  null as output, null as error,
  nullif(concat_ws(char(10), w.decision_rationale, w.work_notes), '') as notes, w.issue_id as part_of
from json_each(?1) as k
join agent_issue_work as w on w.work_id = k.value
left join agent_sessions as s on s.session_id = w.session_id;

-- name: document_work
-- Read work sessions that session directories tell of.
select
  w.session_id as key, 'work' as kind, coalesce(w.started_at, w.updated_at, w.read_at) as at, w.session_id as session_id,
  null as job_id, null as trace_id, null as agent_name, w.project_key as project_key, null as tool_name,
  w.status as status, 0 as failed, w.title as title, null as input, null as output, null as error,
  w.description as notes, w.phase as part_of
from json_each(?1) as k
join sessions as w on w.session_id = k.value;

-- name: document_log
-- Read log lines that were told of agents.
select
  g.key as key, 'log' as kind, g.timestamp as at, g.session_id as session_id, g.job_id as job_id,
  g.trace_id as trace_id, s.agent_name as agent_name, s.project_key as project_key, null as tool_name,
  g.level as status, g.level in ('ERROR', 'FATAL', 'CRITICAL') as failed, g.event_type as title, null as input,
  null as output, null as error, nullif(concat_ws(char(10), g.message, g.data), '') as notes, g.agent_id as part_of
from json_each(?1) as k
join agent_log_entries as g on g.key = k.value
left join agent_sessions as s on s.session_id = g.session_id;

-- name: span_columns
-- Read the columns of a span that hold texts, unless they are enormous.
select
  iif(octet_length(attributes) > ?3, null, attributes),
  iif(octet_length(events) > ?3, null, events)
from raw_spans
where trace_id = ?1
and span_id = ?2;

-- name: log_columns
-- Read the columns of a log record that hold texts, unless they are enormous.
select
  iif(octet_length(attributes) > ?3, null, attributes),
  iif(octet_length(body) > ?3, null, body)
from raw_logs
where sort_time = ?1
and fingerprint = ?2;

-- name: feed
-- List what changed after a place in the list.
select id, source, key
from search_feed
where id > ?
order by id
limit ?;

-- name: feed_end
-- Find the last place that the list ever had.
select ifnull((select seq from sqlite_sequence where name = 'search_feed'), 0);

-- name: feed_begins
-- Find up to where the list was shortened.
select ifnull((select after_id from derived_positions where signal = 'search'), 0);

-- name: session_entries
-- List the entries of a session after one of them.
select trace_id
from agent_traces
where session_id = ?
and trace_id > ?
order by trace_id
limit ?;

-- name: ends
-- Find the last row of a table, which is named here.
select ifnull(max(rowid), 0)
from {table};

-- name: keys
-- List rows of a table in the order of their making, after one of them.
select rowid, {key}
from {table}
where rowid > ?
and rowid <= ?
order by rowid
limit ?;
