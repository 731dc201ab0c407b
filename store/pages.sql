-- What only pages ask, in the manner of reports.sql.

-- name: spent
-- Add up what models did since a day.
select
  sum(calls) as calls, sum(errors) as errors, sum(measured) as measured, sum(priced) as priced,
  sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens, sum(cache_read_tokens) as cache_read_tokens,
  sum(cost_nanos) as cost_nanos
from usage_days
where day >= :day;

-- name: tools_since
-- Count the calls of all tools since a day.
select sum(calls) as calls, sum(failures) as failures
from tool_days
where day >= :day;

-- name: jobs_by_hour
-- Count the jobs that began in each hour since a time.
select substr(ifnull(started_at, created_at), 1, 13) as hour, count(*) as jobs, sum(status = 'failed') as failed
from job_history
where ifnull(started_at, created_at) >= :since
group by hour
order by hour;

-- name: going_on
-- Count what has not ended.
select
  (select count(*) from open_jobs) as jobs,
  (select count(*) from agent_sessions where ended_at is null) as sessions;

-- name: anything
-- Say whether there is anything at all to show.
select
  exists (select 1 from agent_sessions) as sessions,
  exists (select 1 from raw_spans) or exists (select 1 from raw_logs) or exists (select 1 from raw_points) as records;

-- name: session_list
-- List sessions with what tells them apart and what they come to, newest first, after a place in that order.
select
  s.session_id, s.agent_name, s.started_at, s.ended_at, s.last_seen_at, s.exit_reason, s.closed_by, s.project_key,
  s.workspace_path, s.parent_session_id, s.previous_id, s.synthetic, s.emitter,
  (
    select substr(j.prompt, 1, 400)
    from job_history as j
    where j.session_id = s.session_id
    order by ifnull(j.started_at, j.created_at), j.id
    limit 1
  ) as prompt,
  (
    select w.phase
    from session_links as l
    join sessions as w on w.session_id = l.session_id
    where l.agent_session_id = s.session_id
    limit 1
  ) as phase,
  (select count(*) from job_history as j where j.session_id = s.session_id) as jobs,
  (select count(*) from job_history as j where j.session_id = s.session_id and j.status = 'failed') as failed_jobs,
  (select group_concat(distinct u.model) from usage_days as u where u.session_id = s.session_id) as models,
  (
    select json_array(sum(u.calls), sum(u.measured), sum(u.priced), sum(u.input_tokens + u.output_tokens), sum(u.cost_nanos))
    from usage_days as u
    where u.session_id = s.session_id
  ) as sums
from agent_sessions as s
where true
and s.agent_name = :agent
and +s.project_key = :project
and (s.ended_at is null) = :active
and likely(s.exit_reason = :exit_reason)
and s.started_at >= :since
and (select sum(u.cost_nanos) from usage_days as u where u.session_id = s.session_id) >= :min_nanos
and (select sum(u.cost_nanos) from usage_days as u where u.session_id = s.session_id) <= :max_nanos
and exists (select 1 from usage_days as m where m.session_id = s.session_id and m.model = :model)
and exists (
  select 1
  from session_links as l
  join sessions as w on w.session_id = l.session_id
  where l.agent_session_id = s.session_id and w.phase = :phase
)
and (s.started_at, s.session_id) < (:after_time, :after_id)
order by s.started_at desc, s.session_id desc
limit :limit;

-- name: known_agents
-- List the names of agents that had sessions.
with recursive found (name) as (
  select min(agent_name) from agent_sessions
  union all
  select (select min(s.agent_name) from agent_sessions as s where s.agent_name > found.name)
  from found
  where found.name is not null
)
select name from found where name is not null limit :limit;

-- name: known_projects
-- List the projects that sessions belong to.
select distinct project_key as name
from agent_sessions
where project_key is not null
order by name
limit :limit;

-- name: known_models
-- List the models that were called.
select distinct model as name
from usage_days
where model <> ''
order by name
limit :limit;

-- name: known_phases
-- List the phases that work sessions are in.
select distinct phase as name
from sessions
where phase is not null
order by name
limit :limit;

-- name: turns
-- List a session's jobs in order of time, after a place in that order.
select *, ifnull(started_at, created_at) as time
from job_history
where session_id = :session
and (ifnull(started_at, created_at), id) > (:after_time, :after_id)
order by ifnull(started_at, created_at), id
limit :limit;

-- name: open_turns
-- List a session's jobs that go on.
select *, 'running' as status, ifnull(started_at, ifnull(last_seen_at, '')) as time
from open_jobs
where session_id = :session
order by time
limit :limit;

-- name: step_calls
-- List the model calls of some jobs, a JSON array of ids, in order of time, each with the entry that says most of it.
select
  m.call_id, m.job_id, m.agent_id, m.agent_name, m.provider, m.model, m.started_at, m.duration_ms, m.input_tokens,
  m.output_tokens, m.cache_read_tokens, m.cache_write_tokens, m.reasoning_tokens, m.cost_nanos, m.cost_source,
  m.finish_reason, m.status, m.error_type, m.error_message, m.trace_id, m.span_id,
  (
    select e.trace_id
    from json_each(m.sources) as o
    cross join agent_traces as e on e.trace_id = o.value
    order by e.raw_output is null, e.raw_input is null
    limit 1
  ) as entry_id
from json_each(:jobs) as j
cross join model_calls as m
where m.job_id = j.value
and m.counted = 1
and m.started_at > :after
order by m.started_at, m.call_id
limit :limit;

-- name: loose_calls
-- List a session's model calls that belong to no job, in order of time.
select
  m.call_id, m.job_id, m.agent_id, m.agent_name, m.provider, m.model, m.started_at, m.duration_ms, m.input_tokens,
  m.output_tokens, m.cache_read_tokens, m.cache_write_tokens, m.reasoning_tokens, m.cost_nanos, m.cost_source,
  m.finish_reason, m.status, m.error_type, m.error_message, m.trace_id, m.span_id,
  (
    select e.trace_id
    from json_each(m.sources) as o
    cross join agent_traces as e on e.trace_id = o.value
    order by e.raw_output is null, e.raw_input is null
    limit 1
  ) as entry_id
from model_calls as m
where m.session_id = :session
and m.job_id is null
and m.counted = 1
order by m.started_at
limit :limit;

-- name: step_tools
-- List the tool calls of some jobs, a JSON array of ids, in order of time, each with the entry that says most of it.
select
  t.id, t.job_id, t.key, t.name, t.is_error, t.timestamp, t.duration_ms, t.status, t.error_type, t.error_message,
  t.input_preview, t.output_preview, t.file_path, t.agent_id, t.agent_name, t.trace_id, t.span_id,
  (
    select e.trace_id
    from json_each(t.sources) as o
    cross join agent_traces as e on e.trace_id = o.value
    order by e.raw_output is null, e.raw_input is null
    limit 1
  ) as entry_id
from json_each(:jobs) as j
cross join tool_calls as t
where t.job_id = j.value
and ifnull(t.timestamp, '') > :after
order by ifnull(t.timestamp, ''), t.id
limit :limit;

-- name: session_agents_of
-- List the runs of agents in a session.
select *
from agents
where session_id = :session
order by started_at, agent_id
limit :limit;

-- name: growth
-- Read what a session's first model calls outside of subagents read and wrote, in order of time.
-- There is one JSON array for each column: calls may be thousands.
select
  json_group_array(started_at) as times, json_group_array(input_tokens) as inputs,
  json_group_array(output_tokens) as outputs, json_group_array(cache_read_tokens) as cached
from (
  select started_at, input_tokens, output_tokens, cache_read_tokens
  from model_calls
  where session_id = :session
  and counted = 1
  and input_tokens is not null
  and ifnull(agent_id, '') not in (
    select agent_id from agents where session_id = :session and parent_agent_id is not null
  )
  order by started_at
  limit :limit
);

-- name: session_sums
-- Add a session up.
select
  sum(calls) as calls, sum(errors) as errors, sum(measured) as measured, sum(priced) as priced,
  sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens, sum(cache_read_tokens) as cache_read_tokens,
  sum(reasoning_tokens) as reasoning_tokens, sum(cost_nanos) as cost_nanos
from usage_days
where session_id = :session;

-- name: session_usage
-- Add a session's model calls up for each model.
select
  nullif(provider, '') as provider, nullif(model, '') as model, sum(calls) as calls, sum(errors) as errors,
  iif(sum(measured) > 0, sum(input_tokens), null) as input_tokens,
  iif(sum(measured) > 0, sum(output_tokens), null) as output_tokens,
  nullif(sum(cache_read_tokens), 0) as cache_read_tokens, iif(sum(priced) > 0, sum(cost_nanos), null) as cost_nanos
from usage_days
where session_id = :session
group by provider, model
order by calls desc, provider, model
limit :limit;

-- name: session_traces
-- List the OpenTelemetry traces of a session's first two thousand entries.
select otel_trace_id as trace_id, min(timestamp) as began
from (
  select otel_trace_id, timestamp
  from agent_traces
  where session_id = :session
  order by timestamp, trace_id
  limit 2000
)
where otel_trace_id is not null
group by otel_trace_id
order by began
limit :limit;

-- name: relatives
-- List the sessions that a session goes on from, works for, or has work for it.
select session_id, agent_name, started_at, 'goes on from here' as how
from agent_sessions
where previous_id = :session
union all
select session_id, agent_name, started_at, 'worked for this one'
from agent_sessions
where parent_session_id = :session
order by started_at
limit :limit;

-- name: job_events
-- Count a job's events by type.
select event_type, count(*) as events
from events
where job_id = :job
group by event_type
order by events desc
limit :limit;

-- name: job_neighbours
-- Find a job's place among its session's jobs.
select
  (
    select b.id
    from job_history as b
    where b.session_id = :session and (ifnull(b.started_at, b.created_at), b.id) < (:time, :id)
    order by ifnull(b.started_at, b.created_at) desc, b.id desc
    limit 1
  ) as earlier,
  (
    select a.id
    from job_history as a
    where a.session_id = :session and (ifnull(a.started_at, a.created_at), a.id) > (:time, :id)
    order by ifnull(a.started_at, a.created_at), a.id
    limit 1
  ) as later;

-- name: trace_extent
-- Count the spans of an OpenTelemetry trace, and find the oldest and the newest of them.
select count(*) as spans, min(id) as oldest, max(id) as newest
from raw_spans
where trace_id = :trace;

-- name: trace_outline
-- Read what the picture of an OpenTelemetry trace needs of its spans, in order of arrival: one text for each column.
-- Ids are hexadecimal, so that commas part them; `failed` has one sign for each span.
-- Rows are read in the order in which they lie in the file, so that each page of it is read once.
select
  group_concat(span_id) as spans, group_concat(ifnull(parent_span_id, '')) as parents,
  group_concat(ifnull(start_time_unix_nano, 0)) as starts,
  group_concat(
    iif(end_time_unix_nano > ifnull(start_time_unix_nano, 0), end_time_unix_nano, ifnull(start_time_unix_nano, 0))
  ) as ends,
  group_concat(status_code = 2, '') as failed
from (
  select s.span_id, s.parent_span_id, s.start_time_unix_nano, s.end_time_unix_nano, s.status_code
  from (select id from raw_spans where trace_id = :trace order by id limit :limit) as told
  cross join raw_spans as s on s.id = told.id
);

-- name: trace_outline_together
-- The same of a trace whose spans came together: there is no need to look each of them up.
select
  group_concat(span_id) as spans, group_concat(ifnull(parent_span_id, '')) as parents,
  group_concat(ifnull(start_time_unix_nano, 0)) as starts,
  group_concat(
    iif(end_time_unix_nano > ifnull(start_time_unix_nano, 0), end_time_unix_nano, ifnull(start_time_unix_nano, 0))
  ) as ends,
  group_concat(status_code = 2, '') as failed
from (
  select span_id, parent_span_id, start_time_unix_nano, end_time_unix_nano, status_code
  from raw_spans
  where id >= :oldest and id <= :newest and +trace_id = :trace
  order by id
  limit :limit
);

-- name: trace_rows
-- Read some spans of an OpenTelemetry trace, a JSON array of their ids, each with what it means.
select
  s.span_id, s.name, s.kind as span_kind, s.status_code, s.status_message, r.service_name,
  t.kind, t.status, t.error_type, t.error_message, t.model_used, t.input_tokens, t.output_tokens, t.cost_nanos
from json_each(:spans) as j
cross join raw_spans as s on s.trace_id = :trace and s.span_id = j.value
join resources as r on r.id = s.resource_id
left join agent_traces as t on t.trace_id = s.trace_id || '/' || s.span_id
limit :limit;

-- name: span
-- Read one span whole.
select *
from spans
where trace_id = :trace
and span_id = :span
limit :limit;

-- name: trace_sessions
-- List the sessions that the first five hundred entries of an OpenTelemetry trace belong to.
select distinct some.session_id, s.agent_name
from (
  select session_id
  from agent_traces
  where otel_trace_id = :trace
  limit 500
) as some
left join agent_sessions as s on s.session_id = some.session_id
where some.session_id is not null
limit :limit;

-- name: tool_shares
-- Count the calls of tools since a day, apart by agent and by about how long they took.
select name, agent_name, share, sum(calls) as calls, sum(failures) as failures, sum(total_ms) as total_ms
from tool_days
where true
and day >= :day
and agent_name = :agent
and name = :tool
group by name, agent_name, share
limit :limit;

-- name: tool_results
-- Measure what the newest tool calls gave back, by tool: what a model has to read.
select name, count(*) as calls, sum(bytes) as bytes, max(bytes) as largest
from (
  select
    some.name,
    (
      select max(ifnull(octet_length(e.raw_output), 0))
      from json_each(some.sources) as o
      cross join agent_traces as e on e.trace_id = o.value
    ) as bytes
  from (select name, sources from tool_calls order by id desc limit 2000) as some
)
group by name
order by bytes desc
limit :limit;

-- name: tool_newest
-- List the newest calls of one tool since a time, of the thousand that came last.
select t.*
from (
  select id
  from tool_calls
  where name = :tool
and (is_error = 1 and :failed)
order by id desc
limit 1000
) as some
cross join tool_calls as t on t.id = some.id
where true
and t.timestamp >= :since
order by t.timestamp desc
limit :limit;

-- name: tool_errors
-- Count why the newest failed calls of one tool failed.
select error_type, count(*) as calls, max(timestamp) as last
from (
  select t.error_type, t.timestamp
  from (
    select id from tool_calls where name = :tool and is_error = 1 order by id desc limit 500
  ) as some
  cross join tool_calls as t on t.id = some.id
)
group by error_type
order by calls desc
limit :limit;

-- name: spent_by_day
-- Add up what models did on each day since a day, apart by who says what it cost.
select
  day, cost_source, sum(calls) as calls, sum(measured) as measured, sum(priced) as priced,
  sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens, sum(cache_read_tokens) as cache_read_tokens,
  sum(cost_nanos) as cost_nanos
from usage_days
where true
and day >= :day
and agent_name = :agent
and model = :model
group by day, cost_source
order by day
limit :limit;

-- name: spent_by_model
-- Add up what each model did since a day, apart by who says what it cost.
select
  model as name, provider, cost_source, sum(calls) as calls, sum(errors) as errors, sum(measured) as measured,
  sum(priced) as priced, sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
  sum(cache_read_tokens) as cache_read_tokens, sum(cost_nanos) as cost_nanos
from usage_days
where true
and day >= :day
and agent_name = :agent
and model = :model
group by model, provider, cost_source
order by cost_nanos desc
limit :limit;

-- name: spent_by_agent
-- Add up what each agent's models did since a day, apart by who says what it cost.
select
  agent_name as name, cost_source, sum(calls) as calls, sum(errors) as errors, sum(measured) as measured,
  sum(priced) as priced, sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
  sum(cache_read_tokens) as cache_read_tokens, sum(cost_nanos) as cost_nanos
from usage_days
where true
and day >= :day
and agent_name = :agent
and model = :model
group by agent_name, cost_source
order by cost_nanos desc
limit :limit;

-- name: spent_by_project
-- Add up what the models of each project's sessions did since a day, apart by who says what it cost.
select
  s.project_key as name, u.cost_source, sum(u.calls) as calls, sum(u.errors) as errors, sum(u.measured) as measured,
  sum(u.priced) as priced, sum(u.input_tokens) as input_tokens, sum(u.output_tokens) as output_tokens,
  sum(u.cache_read_tokens) as cache_read_tokens, sum(u.cost_nanos) as cost_nanos
from usage_days as u
left join agent_sessions as s indexed by idx_agent_sessions_project
  on s.session_id = +u.session_id and s.project_key is not null
where true
and u.day >= :day
and u.agent_name = :agent
and u.model = :model
group by s.project_key, u.cost_source
order by cost_nanos desc
limit :limit;

-- name: costliest_sessions
-- List the sessions that cost most since a day.
select some.session_id, some.cost_nanos, some.calls, s.agent_name, s.started_at
from (
  select session_id, sum(cost_nanos) as cost_nanos, sum(calls) as calls
  from usage_days
  where true
and day >= :day
and agent_name = :agent
and model = :model
group by session_id
order by cost_nanos desc
limit :limit
) as some
left join agent_sessions as s on s.session_id = some.session_id
order by some.cost_nanos desc;

-- name: plan_keys
-- List the plans that were changed last.
select key, title
from feature_plans
order by created_at desc, id desc
limit :limit;

-- name: refused_by_reason
-- Count the refused items that are kept, by reason; those that were taken after all are no trouble.
select
  reason, signal, count(*) as entries, sum(items) as items, max(received_at) as last,
  count(*) filter (where state = 'rejected' and payload is not null and encoding in ('protobuf', 'json')) as replayable
from ingest_rejections
where state <> 'resolved'
group by reason, signal
order by items desc
limit :limit;

-- name: newest_refused
-- List the newest refused items, without what was sent.
select
  id, received_at, signal, transport, encoding, position, reason, message, items, state, octet_length(payload) as bytes
from ingest_rejections
order by id desc
limit :limit;

-- name: refused
-- Read one refused item, up to a mebibyte of what was sent.
select
  id, received_at, signal, transport, encoding, position, reason, message, items, state,
  octet_length(payload) as bytes, substr(payload, 1, 1048576) as payload
from ingest_rejections
where id = :id;

-- name: refused_tally
-- Count the refused items that are kept, and those that were forgotten to make room.
select kept, bytes, forgotten
from rejection_tally
where id = 1;

-- name: newest_received
-- Find when the newest record of each signal came in, Unix nanoseconds.
select
  (select received_at from raw_spans order by id desc limit 1) as traces,
  (select received_at from raw_logs order by id desc limit 1) as logs,
  (select received_at from raw_points order by id desc limit 1) as metrics;

-- name: keys_watched
-- List which keys that matter records had, and how many records there were.
select source, version, signal, name, key, type, field, emitter, count, first_seen, last_seen
from inventory
where field is not null or key = ''
limit :limit;

-- name: senders
-- List who sent records, the latest heard of first.
select source, version, sum(count) as records, min(first_seen) as first_seen, max(last_seen) as last_seen
from inventory
where key = ''
group by source, version
order by last_seen desc
limit :limit;

-- name: work_sessions
-- List the work sessions that were changed last.
select w.*, (select l.agent_session_id from session_links as l where l.session_id = w.session_id limit 1) as agent_session_id
from sessions as w
order by w.updated_at desc, w.session_id desc
limit :limit;

-- name: newest_sweeps
-- List what was forgotten on purpose last, and what stood in the way.
select started_at, rule, what, rows, bytes_freed, oldest_left, left_behind, duration_ms, trouble
from sweeps
order by id desc
limit :limit;

-- name: kept_for_good
-- List what no rule takes.
select kind, name, note, created_at
from pins
order by id desc
limit :limit;
