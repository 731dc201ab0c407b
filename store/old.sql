-- What is old: questions that retention asks. `rules` stands for the rules that a row's sessions fall under.

-- name: rule_of_session
-- Number the rule of a row's session: -1 when it is pinned, else the first that is about it.
select iif(o.session_id in (select session_id from pinned_sessions), '-1', (
  select c.key
  from json_each(:scopes) as c
  where (c.value ->> 'project' is null or c.value ->> 'project' = a.project_key)
  and (c.value ->> 'agent' is null or c.value ->> 'agent' = a.agent_name)
  order by c.key
  limit 1
))
from (select 1)
left join agent_sessions as a on a.session_id = o.session_id;

-- name: rules_of_trace
-- Number the rules of the sessions that a trace belongs to.
select group_concat(iif(t.session_id in (select session_id from pinned_sessions), '-1', (
  select c.key
  from json_each(:scopes) as c
  where (c.value ->> 'project' is null or c.value ->> 'project' = a.project_key)
  and (c.value ->> 'agent' is null or c.value ->> 'agent' = a.agent_name)
  order by c.key
  limit 1
)))
from (
  select session_id from agent_traces where otel_trace_id = o.trace_id
  union
  select session_id from events where trace_id = o.trace_id
) as t
left join agent_sessions as a on a.session_id = t.session_id
where t.session_id is not null;

-- name: rules_of_log
-- Number the rules of the sessions that a log record belongs to, by its trace or by itself.
select group_concat(iif(t.session_id in (select session_id from pinned_sessions), '-1', (
  select c.key
  from json_each(:scopes) as c
  where (c.value ->> 'project' is null or c.value ->> 'project' = a.project_key)
  and (c.value ->> 'agent' is null or c.value ->> 'agent' = a.agent_name)
  order by c.key
  limit 1
)))
from (
  select session_id from agent_traces where otel_trace_id = o.trace_id
  union
  select session_id from events where trace_id = o.trace_id
  union
  select session_id from events where key = 'log/' || o.sort_time || '/' || o.fingerprint
) as t
left join agent_sessions as a on a.session_id = t.session_id
where t.session_id is not null;

-- name: raw_spans
-- List spans in order of arrival.
select
  id, received_at,
  250 + octet_length(name) + octet_length(attributes) + ifnull(octet_length(events), 0) + ifnull(octet_length(links), 0),
  {rules_of_trace}
from raw_spans as o
where id > ifnull(:after, 0)
and id <= :until
order by id
limit :limit;

-- name: raw_logs
-- List log records in order of arrival.
select
  id, received_at, 200 + octet_length(attributes) + ifnull(octet_length(body), 0),
  {rules_of_log}
from raw_logs as o
where id > ifnull(:after, 0)
and id <= :until
order by id
limit :limit;

-- name: raw_points
-- List metric points in order of arrival.
select id, received_at, 220 + octet_length(attributes) + ifnull(octet_length(data), 0), null
from raw_points
where id > ifnull(:after, 0)
and id <= :until
order by id
limit :limit;

-- name: span_texts
-- List spans that may say something, in order of arrival.
select
  id, received_at,
  octet_length(attributes) + ifnull(octet_length(events), 0) + ifnull(octet_length(links), 0),
  {rules_of_trace}
from raw_spans as o
where id > ifnull(:after, 0)
and id <= :until
and (repaired is null or repaired ->> 'content' is null)
order by id
limit :limit;

-- name: log_texts
-- List log records that may say something, in order of arrival.
select
  id, received_at, octet_length(attributes) + ifnull(octet_length(body), 0),
  {rules_of_log}
from raw_logs as o
where id > ifnull(:after, 0)
and id <= :until
and (repaired is null or repaired ->> 'content' is null)
order by id
limit :limit;

-- name: entry_texts
-- List entries that say something, in order of arrival.
select
  rowid, created_at,
  ifnull(octet_length(raw_input), 0) + ifnull(octet_length(raw_output), 0) + ifnull(octet_length(data), 0),
  {rule_of_session}
from agent_traces as o
where (created_at, rowid) > (ifnull(:after_time, ''), ifnull(:after, 0))
and created_at < :before
and (raw_input is not null or raw_output is not null or data is not null)
order by created_at, rowid
limit :limit;

-- name: tool_texts
-- List tool calls with what they were given and gave, in order of arrival.
select
  id, created_at, ifnull(octet_length(input_preview), 0) + ifnull(octet_length(output_preview), 0), {rule_of_session}
from tool_calls as o
where (created_at, id) > (ifnull(:after_time, ''), ifnull(:after, 0))
and created_at < :before
and (input_preview is not null or output_preview is not null)
order by created_at, id
limit :limit;

-- name: event_texts
-- List events that say something, in order of arrival.
select id, created_at, octet_length(data_json), {rule_of_session}
from events as o
where (created_at, id) > (ifnull(:after_time, ''), ifnull(:after, 0))
and created_at < :before
and data_json is not null
order by created_at, id
limit :limit;

-- name: job_texts
-- List jobs that say what they were asked and answered, in order of arrival.
select
  rowid, created_at,
  ifnull(octet_length(prompt), 0) + ifnull(octet_length(summary), 0) + ifnull(octet_length(original_prompt), 0), {rule_of_session}
from job_history as o
where (created_at, rowid) > (ifnull(:after_time, ''), ifnull(:after, 0))
and created_at < :before
and (prompt is not null or summary is not null or original_prompt is not null)
order by created_at, rowid
limit :limit;

-- name: sessions
-- List sessions without an open job, each with when the last row of it came.
select
  session_id,
  max(
    created_at,
    ifnull((select max(created_at) from agent_traces where session_id = o.session_id), ''),
    ifnull((select max(created_at) from job_history where session_id = o.session_id), ''),
    ifnull((select max(created_at) from events where session_id = o.session_id), '')
  ),
  500 + 700 * (select count(*) from agent_traces where session_id = o.session_id),
  {rule_of_session}
from agent_sessions as o
where rowid > ifnull((select rowid from agent_sessions where session_id = :after), 0)
and created_at < :before
and not exists (select 1 from open_jobs where session_id = o.session_id)
order by rowid
limit :limit;

-- name: loose_entries
-- List entries in order of arrival; those of a session fall under no rule here.
select rowid, created_at, 500, iif(session_id is null, null, '-1')
from agent_traces
where rowid > ifnull(:after, 0)
order by rowid
limit :limit;

-- name: loose_model_calls
-- List model calls in order of arrival; those of a session fall under no rule here.
select rowid, created_at, 300, iif(session_id is null, null, '-1')
from model_calls
where rowid > ifnull(:after, 0)
order by rowid
limit :limit;

-- name: loose_tool_calls
-- List tool calls in order of arrival; those of a session fall under no rule here.
select id, created_at, 300, iif(session_id is null, null, '-1')
from tool_calls
where id > ifnull(:after, 0)
order by id
limit :limit;

-- name: loose_events
-- List events in order of arrival; those of a session fall under no rule here.
select id, created_at, 200, iif(session_id is null, null, '-1')
from events
where id > ifnull(:after, 0)
order by id
limit :limit;

-- name: loose_jobs
-- List finished jobs in order of arrival; those of a session fall under no rule here.
select rowid, created_at, 500, iif(session_id is null, null, '-1')
from job_history
where rowid > ifnull(:after, 0)
order by rowid
limit :limit;

-- name: ties
-- List ties of traces of which no record is kept.
select json_array(tie, trace_id), 0, 100, null
from trace_ties
where (tie, trace_id) > (ifnull(:after ->> 0, ''), ifnull(:after ->> 1, ''))
and not exists (select 1 from raw_spans where trace_id = trace_ties.trace_id)
and not exists (select 1 from raw_logs where trace_id = trace_ties.trace_id)
order by tie, trace_id
limit :limit;

-- name: jobs_of_raw_spans
-- List the finished jobs that spans tell of.
select distinct j.id
from json_each(:keys) as k
join raw_spans as s on s.id = k.value
join agent_traces as t on t.trace_id = s.trace_id || '/' || s.span_id
join job_history as j on j.id = t.job_id
where j.frozen = 0;

-- name: jobs_of_raw_logs
-- List the finished jobs that log records tell of.
select distinct j.id
from json_each(:keys) as k
join raw_logs as l on l.id = k.value
join events as e on e.key = 'log/' || l.sort_time || '/' || l.fingerprint
join job_history as j on j.id = e.job_id
where j.frozen = 0;

-- name: span_records
-- Read spans whole.
select *
from spans
where id in (select value from json_each(:keys))
order by id;

-- name: log_records
-- Read log records whole.
select *
from log_records
where id in (select value from json_each(:keys))
order by id;

-- name: point_records
-- Read metric points whole.
select *
from metric_points
where id in (select value from json_each(:keys))
order by id;

-- name: used_by_spans
-- List the resources and scopes that spans use.
select distinct resource_id, scope_id
from raw_spans
where id > :after
and id <= :until;

-- name: used_by_logs
-- List the resources and scopes that log records use.
select distinct resource_id, scope_id
from raw_logs
where id > :after
and id <= :until;

-- name: used_by_points
-- List the resources and scopes that metric points use.
select distinct resource_id, scope_id
from raw_points
where id > :after
and id <= :until;

-- name: all_resources
-- List resources.
select id
from resources;

-- name: all_scopes
-- List scopes.
select id
from scopes;

-- name: span_names
-- List names of spans that are counted by themselves.
select distinct name
from names
where kind = 'span'
and name <> '__other__';

-- name: names_of_spans
-- List the names of spans.
select distinct name
from raw_spans
where id > :after
and id <= :until;

-- name: unused_services
-- List services of which no resource is kept.
select distinct name
from names
where kind = 'service'
and name not in ('', '__other__')
and name not in (select service_name from resources where service_name is not null);

-- name: ends
-- Find the newest id that was given for each signal.
select name, seq
from sqlite_sequence
where name in ('raw_spans', 'raw_logs', 'raw_points');

-- name: positions
-- Read up to where signals are derived from.
select signal, after_id
from derived_positions;

-- name: sent
-- Read up to where signals are sent on, by the exporter that is farthest behind.
select signal, min(after_id)
from export_cursors
where retired_at is null
group by signal;

-- name: newest_pin
-- Find the newest pin.
select ifnull(max(id), 0)
from pins;

-- name: pins
-- List what is pinned.
select kind, name, note, created_at
from pins
order by id;

-- name: scoped
-- Say whether any session may fall under another rule than the general one.
select 1
from pinned_sessions
limit 1;

-- name: state
-- Read what retention keeps of itself.
select key, value
from retention_state;

-- name: forgotten
-- Read how many raw rows were forgotten.
select name, rows
from forgotten;

-- name: last_sweeps
-- List what rules took last.
select started_at, rule, what, rows, bytes_freed, oldest_left, left_behind, duration_ms, trouble
from sweeps
order by id desc
limit :limit;

-- name: oldest
-- Find when the oldest row of each raw table came.
select
  (select received_at from raw_spans order by id limit 1),
  (select received_at from raw_logs order by id limit 1),
  (select received_at from raw_points order by id limit 1);
