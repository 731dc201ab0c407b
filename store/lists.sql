-- What lists of the API read: newest first, after a place in that order; a condition whose value is not given is left out.

-- name: traces
-- List traces by their roots, newest first; a trace whose root never came is found by its spans.
select
  s.id, s.trace_id, s.span_id, s.name, r.service_name, s.start_time_unix_nano, s.end_time_unix_nano, s.status_code,
  s.status_message, t.session_id, t.job_id,
  (select count(*) from raw_spans as n where n.trace_id = s.trace_id) as spans
from raw_spans as s
join resources as r on r.id = s.resource_id
left join agent_traces as t on t.trace_id = s.trace_id || '/' || s.span_id
where s.parent_span_id is null
and r.service_name = :service
and s.name = :name
and +s.status_code = :status_code
and s.trace_id in (select n.otel_trace_id from agent_traces as n where n.session_id = :session)
and s.start_time_unix_nano >= :since
and s.start_time_unix_nano < :until
and s.end_time_unix_nano - s.start_time_unix_nano >= :min_nanos
and (s.start_time_unix_nano, s.id) < (:after_time, :after_id)
and (s.start_time_unix_nano is null and s.id < :untimed)
order by s.start_time_unix_nano desc, s.id desc
limit :limit;

-- name: trace_version
-- Say how many spans a trace has, and which came last.
select count(*) as spans, ifnull(max(id), 0) as last_id
from raw_spans
where trace_id = :trace;

-- name: trace_tree
-- List what says how the spans of a trace hang together, in order of time; rows are read as they lie in the file.
select s.span_id, s.parent_span_id, s.start_time_unix_nano, s.end_time_unix_nano, s.status_code
from (select id from raw_spans where trace_id = :trace order by id limit -1) as told
cross join raw_spans as s on s.id = told.id
order by ifnull(s.start_time_unix_nano, 0), s.span_id;

-- name: trace_places
-- Say which sessions and jobs a trace is part of.
select distinct session_id, job_id
from agent_traces
where otel_trace_id = :trace
and session_id is not null
limit :limit;

-- name: trace_parts
-- Read spans of a trace by their ids, each with what it means.
select
  s.trace_id, s.span_id, s.parent_span_id, s.name, s.kind as span_kind, r.service_name, c.name as scope_name,
  s.start_time_unix_nano, s.end_time_unix_nano, s.status_code, s.status_message,
  t.session_id, t.job_id, t.agent_id, t.type, t.kind, t.status, t.error_type, t.error_message,
  t.model_used, t.provider_used, t.input_tokens, t.output_tokens, t.counted, t.cost_nanos, t.cost_source, t.emitter
from json_each(:ids) as i
cross join raw_spans as s on s.trace_id = :trace and s.span_id = i.value
join resources as r on r.id = s.resource_id
join scopes as c on c.id = s.scope_id
left join agent_traces as t on t.trace_id = s.trace_id || '/' || s.span_id;

-- name: spans
-- List spans without their attributes, newest first.
select
  s.id, s.trace_id, s.span_id, s.parent_span_id, s.name, s.kind, r.service_name, s.start_time_unix_nano,
  s.end_time_unix_nano, s.status_code, s.status_message
from raw_spans as s
join resources as r on r.id = s.resource_id
where true
and s.trace_id = :trace
and s.trace_id in (select t.otel_trace_id from agent_traces as t where t.session_id = :session)
and exists (
  select 1
  from agent_traces as t
  where t.trace_id = s.trace_id || '/' || s.span_id
  and t.session_id = :session
)
and s.resource_id in (select id from resources where service_name = :service)
and s.name = :name
and s.kind = :kind
and s.status_code = :status_code
and s.start_time_unix_nano >= :since
and s.start_time_unix_nano < :until
and s.end_time_unix_nano - s.start_time_unix_nano >= :min_nanos
and (s.start_time_unix_nano, s.id) < (:after_time, :after_id)
and (s.start_time_unix_nano is null and s.id < :untimed)
order by s.start_time_unix_nano desc, s.id desc
limit :limit;

-- name: service_known
-- Say whether anything came from a service.
select 1
from resources as known
where known.service_name = :service
limit 1;

-- name: uncounted_spans
-- Count about how many spans came whose names are not counted yet.
select
  ifnull((select max(id) from raw_spans), 0)
  - ifnull((select after_id from derived_positions where signal = 'names/traces'), 0) as spans;

-- name: span_hours
-- List the hours in which spans of a name or a status began, or spans that took so long.
-- Names that are counted together may be any of them.
select distinct known.hour
from names as known
where known.kind = :kind
and known.name in (:name, '__other__')
and known.longest >= :min_nanos;

-- name: uncounted_hours
-- List the hours of spans whose names are not counted yet.
select distinct ifnull(told.start_time_unix_nano, 0) / 3600000000000 as hour
from raw_spans as told
where told.id > ifnull((select after_id from derived_positions where signal = 'names/traces'), 0)
and told.name = :name
and told.end_time_unix_nano - told.start_time_unix_nano >= :min_nanos;

-- name: names
-- List the names of spans or of services, the most frequent first.
select
  known.name, sum(known.records) as records,
  strftime('%Y-%m-%dT%H:00:00.000000Z', min(known.hour) * 3600, 'unixepoch') as first_at,
  strftime('%Y-%m-%dT%H:00:00.000000Z', max(known.hour) * 3600, 'unixepoch') as last_at,
  max(known.longest) / 1e6 as longest_ms
from names as known
where known.kind = :kind
group by known.name
order by records desc, known.name
limit :limit;

-- name: whole_span
-- Read one span.
select *
from spans
where trace_id = :trace
and span_id = :span;

-- name: logs
-- List log records, newest first.
select
  l.id, l.time_unix_nano, l.observed_time_unix_nano, l.sort_time, l.fingerprint, l.event_name, l.severity_number,
  l.severity_text, l.body, l.body_is_json, l.attributes, l.trace_id, l.span_id, r.service_name, c.name as scope_name
from raw_logs as l
join resources as r on r.id = l.resource_id
join scopes as c on c.id = l.scope_id
where true
and l.trace_id = :trace
and l.span_id = :span
and l.trace_id in (select t.otel_trace_id from agent_traces as t where t.session_id = :session)
and l.resource_id in (select id from resources where service_name = :service)
and l.event_name = :event
and l.severity_number >= :min_severity
and l.sort_time >= :since
and l.sort_time < :until
and (l.sort_time, l.fingerprint) < (:after_time, :after_id)
order by l.sort_time desc, l.fingerprint desc
limit :limit;

-- name: log
-- Read one log record.
select *
from log_records
where id = :id;

-- name: points
-- List metric points, newest first.
select
  p.id, p.name, p.type, p.unit, p.temporality, p.is_monotonic, p.start_time_unix_nano, p.time_unix_nano, p.sort_time,
  p.fingerprint, p.value, p.count, p.sum, p.attributes, r.service_name, c.name as scope_name
from raw_points as p
join resources as r on r.id = p.resource_id
join scopes as c on c.id = p.scope_id
where true
and p.resource_id in (select id from resources where service_name = :service)
and p.name = :name
and p.type = :type
and p.sort_time >= :since
and p.sort_time < :until
and (p.sort_time, p.fingerprint) < (:after_time, :after_id)
order by p.sort_time desc, p.fingerprint desc
limit :limit;

-- name: point
-- Read one metric point.
select *
from metric_points
where id = :id;

-- name: model_calls
-- List model calls, newest first.
select *
from model_calls
where true
and session_id = :session
and job_id = :job
and trace_id = :trace
and session_id in (select t.session_id from agent_traces as t where t.otel_trace_id = :trace)
and agent_name = :agent
and provider = :provider
and model = :model
and status = :status
and cost_source = :cost_source
and counted = :counted
and cost_nanos >= :min_nanos
and cost_nanos <= :max_nanos
and started_at >= :since
and started_at < :until
and (status = 'error' and (error_type like :error escape '\' or error_message like :error escape '\'))
and (started_at, call_id) < (:after_time, :after_id)
order by started_at desc, call_id desc
limit :limit;

-- name: model_call_days
-- List the days on which there can be model calls of a kind, the newest first; those that count nowhere have an index.
select known.day
from usage_days as known
where true
and known.provider = :provider
and known.cost_source = :cost_source
and known.cost_nanos >= :min_nanos
and known.least_nanos <= :max_nanos
union
select substr(told.started_at, 1, 10)
from model_calls as told
where told.counted = 0
and told.provider = :provider
and told.cost_source = :cost_source
and told.cost_nanos >= :min_nanos
and told.cost_nanos <= :max_nanos
order by 1 desc;

-- name: model_call
-- Read one model call.
select *
from model_calls
where call_id = :id;

-- name: tool_calls
-- List tool calls, newest first.
select *, ifnull(timestamp, '') as place
from tool_calls
where true
and session_id = :session
and job_id = :job
and trace_id = :trace
and session_id in (select t.session_id from agent_traces as t where t.otel_trace_id = :trace)
and agent_name = :agent
and +name = :tool
and is_error = :is_error
and duration_ms >= :min_ms
and ifnull(timestamp, '') >= :since
and ifnull(timestamp, '') < :until
and (file_path is not null and file_path like :part escape '\')
and ('/' || trim(file_path, '/') || '/' like :file escape '\')
and (is_error = 1 and (error_type like :error escape '\' or error_message like :error escape '\'))
and (ifnull(timestamp, ''), id) < (:after_time, :after_id)
order by ifnull(timestamp, '') desc, id desc
limit :limit;

-- name: entry_hours
-- List the hours in which there can be entries of a kind, of a status, or as short or long as is wanted, the newest first.
-- Kinds that programs wrote are not told apart.
select known.hour, strftime('%Y-%m-%dT%H', known.hour || ':00', '+1 hour') as following
from entry_hours as known
where true
and known.kind in (:kind, '')
and known.status = :status
and known.longest >= :min_ms
and known.shortest <= :max_ms
group by known.hour
order by known.hour desc;

-- name: tool_call_days
-- List the days on which there can be tool calls of a kind, the newest first.
select distinct known.day
from tool_days as known
where true
and known.name = :tool
and known.agent_name = :agent
and known.share >= cast(floor(2 * log2(max(:min_ms, 0.001))) as integer)
order by known.day desc;

-- name: tool_call
-- Read one tool call.
select *
from tool_calls
where id = :id;

-- name: events
-- List events, newest first.
select *
from events
where true
and session_id = :session
and job_id = :job
and trace_id = :trace
and event_type = :type
and tool_name = :tool
and file_path like :part escape '\'
and '/' || trim(file_path, '/') || '/' like :file escape '\'
and timestamp >= :since
and timestamp < :until
and (timestamp, id) < (:after_time, :after_id)
order by timestamp desc, id desc
limit :limit;

-- name: subagents
-- List subagents of jobs, newest first.
select *
from job_subagents
where true
and job_id = :job
and job_id in (select j.id from job_history as j where j.session_id = :session)
and name = :name
and id < :after_id
order by id desc
limit :limit;

-- name: agent_runs
-- List runs of agents, newest first.
select *, ifnull(started_at, '') as place
from agents
where true
and session_id = :session
and job_id = :job
and session_id in (
  select j.session_id from job_history as j where j.id = :job
  union all
  select o.session_id from open_jobs as o where o.id = :job
)
and name = :name
and model = :model
and status = :status
and ifnull(started_at, '') >= :since
and ifnull(started_at, '') < :until
and (ifnull(started_at, ''), agent_id) < (:after_time, :after_id)
order by ifnull(started_at, '') desc, agent_id desc
limit :limit;

-- name: agent_run
-- Read one run of an agent.
select *
from agents
where agent_id = :id;

-- name: rejections
-- List refused items without their payload, newest first.
select
  id, received_at, signal, transport, encoding, position, reason, message, items, event_name, entity_key, code, state,
  session_id, service_name, trace_id, span_id, attribute, value_preview, event_time, command_id, event_id,
  ifnull(octet_length(payload), 0) as payload_bytes
from ingest_rejections
where true
and signal = :signal
and transport = :transport
and reason = :reason
and (service_name = :service or instr(payload, cast(:service as blob)) > 0)
and (session_id = :session or instr(payload, cast(:session as blob)) > 0)
and code = :code
and state = :state
and command_id = :command
and received_at >= :since
and received_at < :until
and id < :after_id
order by id desc
limit :limit;

-- name: rejection
-- Read a refused item.
select *
from ingest_rejections
where id = :id;

-- name: replayable
-- List the refused items that can be sent again, the oldest first.
select id
from ingest_rejections
where id > :after
and state = 'rejected'
and payload is not null
and encoding in ('protobuf', 'json')
order by id
limit :limit;

-- name: rejection_reasons
-- Count refused items by reason.
select signal, reason, count(*) as rejections, sum(items) as items, max(received_at) as last_received_at
from ingest_rejections
group by signal, reason
order by rejections desc, signal, reason
limit :limit;

-- name: books
-- Read the ledger.
select *
from ledger
order by signal, transport;

-- name: stored_rows
-- Count rows, and say when the oldest came; what books and sums have counted is not counted again.
-- What sums keep of calls that are gone is of no session.
select
  ifnull((select sum(stored) from ledger where signal = 'traces'), 0)
  - ifnull((select rows from forgotten where name = 'raw_spans'), 0) as spans,
  ifnull((select sum(stored) from ledger where signal = 'logs'), 0)
  - ifnull((select rows from forgotten where name = 'raw_logs'), 0) as logs,
  ifnull((select sum(stored) from ledger where signal = 'metrics'), 0)
  - ifnull((select rows from forgotten where name = 'raw_points'), 0) as points,
  (select count(*) from agent_traces) as entries,
  (select ifnull(sum(calls), 0) from usage_days where session_id <> '')
  + (select count(*) from model_calls where session_id is null and counted = 1)
  + (select count(*) from model_calls where counted = 0) as model_calls,
  (select ifnull(sum(calls), 0) from tool_days) as tool_calls,
  (select count(*) from job_history) as jobs,
  (select count(*) from agent_sessions) as sessions,
  (select count(*) from events) as events,
  (select received_at from raw_spans order by id limit 1) as oldest_span_at,
  (select received_at from raw_logs order by id limit 1) as oldest_log_at,
  (select received_at from raw_points order by id limit 1) as oldest_point_at,
  (select kept from rejection_tally) as rejections,
  (select bytes from rejection_tally) as rejection_bytes,
  (select forgotten from rejection_tally) as rejections_forgotten;

-- name: daily_page
-- List the days on which jobs ran, newest first.
select *
from daily_metrics
where true
and date >= :since
and date < :until
and date < :after_id
order by date desc
limit :limit;

-- name: usage
-- Add model calls up by hour and by group, newest first.
select
  substr(m.started_at, 1, 13) as time,
  case :group
    when 'model' then ifnull(m.model, '')
    when 'provider' then ifnull(m.provider, '')
    when 'agent' then ifnull(m.agent_name, '')
    when 'project' then ifnull((select s.project_key from agent_sessions as s where s.session_id = m.session_id), '')
    else ''
  end as name,
  count(*) as calls, sum(m.status = 'error') as errors, sum(m.input_tokens) as input_tokens,
  sum(m.output_tokens) as output_tokens, sum(m.cache_read_tokens) as cache_read_tokens,
  sum(m.cache_write_tokens) as cache_write_tokens, sum(m.reasoning_tokens) as reasoning_tokens,
  sum(m.cost_nanos) as cost_nanos, sum(m.cost_nanos) filter (where m.cost_source = 'computed') as computed_nanos,
  sum(m.cost_nanos) filter (where m.cost_source is not 'computed') as emitted_nanos,
  count(*) filter (where m.cost_nanos is null) as unpriced_calls
from model_calls as m
where m.counted = 1
and m.started_at >= :since
and m.started_at < :until
and m.agent_name = :agent
and m.model = :model
and m.provider = :provider
group by 1, 2
having (time, name) < (ifnull(:after_time, '~'), ifnull(:after_id, ''))
order by 1 desc, 2 desc
limit :limit;

-- name: daily_usage
-- Add model calls up by day and by group, newest first, from what is added up of each session.
select
  d.day as time,
  case :group
    when 'model' then d.model
    when 'provider' then d.provider
    when 'agent' then d.agent_name
    when 'project' then ifnull((select s.project_key from agent_sessions as s where s.session_id = d.session_id), '')
    else ''
  end as name,
  sum(d.calls) as calls, sum(d.errors) as errors, iif(sum(d.measured) > 0, sum(d.input_tokens), null) as input_tokens,
  iif(sum(d.measured) > 0, sum(d.output_tokens), null) as output_tokens,
  iif(sum(d.measured) > 0, sum(d.cache_read_tokens), null) as cache_read_tokens,
  iif(sum(d.measured) > 0, sum(d.cache_write_tokens), null) as cache_write_tokens,
  iif(sum(d.measured) > 0, sum(d.reasoning_tokens), null) as reasoning_tokens,
  iif(sum(d.priced) > 0, sum(d.cost_nanos), null) as cost_nanos,
  sum(d.cost_nanos) filter (where d.cost_source = 'computed' and d.priced > 0) as computed_nanos,
  sum(d.cost_nanos) filter (where d.cost_source <> 'computed' and d.priced > 0) as emitted_nanos,
  sum(d.calls - d.priced) as unpriced_calls
from usage_days as d
where true
and d.day >= substr(:since, 1, 10)
and d.day <= substr(:until, 1, 10)
and d.agent_name = :agent
and d.model = :model
and d.provider = :provider
group by 1, 2
having (time, name) < (ifnull(:after_time, '~'), ifnull(:after_id, ''))
order by 1 desc, 2 desc
limit :limit;

-- name: tool_usage
-- Count calls of tools by hour and by tool, newest first.
select
  substr(timestamp, 1, 13) as time, name, count(*) as calls, sum(is_error) as errors, sum(duration_ms) as total_ms
from tool_calls
where timestamp is not null
and ifnull(timestamp, '') >= :since
and ifnull(timestamp, '') < :until
and agent_name = :agent
group by 1, 2
having (time, name) < (ifnull(:after_time, '~'), ifnull(:after_id, ''))
order by 1 desc, 2 desc
limit :limit;

-- name: daily_tool_usage
-- Count calls of tools by day and by tool, newest first.
select day as time, name, sum(calls) as calls, sum(failures) as errors, sum(total_ms) as total_ms
from tool_days
where true
and day >= substr(:since, 1, 10)
and day <= substr(:until, 1, 10)
and agent_name = :agent
group by 1, 2
having (time, name) < (ifnull(:after_time, '~'), ifnull(:after_id, ''))
order by 1 desc, 2 desc
limit :limit;

-- name: newest_calls
-- Say when the newest calls began.
select max(started_at) as time
from model_calls
union all
select max(ifnull(timestamp, ''))
from tool_calls;

-- name: used_by_models
-- Add all model calls up that count, by whole days.
select
  ifnull(sum(calls), 0) as model_calls, ifnull(sum(errors), 0) as failed_model_calls,
  iif(sum(measured) > 0, sum(input_tokens), null) as input_tokens,
  iif(sum(measured) > 0, sum(output_tokens), null) as output_tokens,
  iif(sum(priced) > 0, sum(cost_nanos), null) as cost_nanos,
  sum(cost_nanos) filter (where cost_source = 'computed' and priced > 0) as computed_nanos,
  sum(cost_nanos) filter (where cost_source <> 'computed' and priced > 0) as emitted_nanos,
  ifnull(sum(calls - priced), 0) as unpriced_calls
from usage_days
where true
and day >= substr(:since, 1, 10)
and day <= substr(:until, 1, 10);

-- name: used_by_tools
-- Count all calls of tools, by whole days.
select ifnull(sum(calls), 0) as tool_calls, ifnull(sum(failures), 0) as failed_tool_calls
from tool_days
where true
and day >= substr(:since, 1, 10)
and day <= substr(:until, 1, 10);

-- name: counted_sessions
-- Count sessions.
select
  count(*) as sessions, count(*) filter (where ended_at is null) as active_sessions,
  count(*) filter (where exit_reason = 'error') as failed_sessions
from agent_sessions
where true
and started_at >= :since
and started_at < :until;

-- name: counted_jobs
-- Count jobs that are over.
select count(*) as jobs, count(*) filter (where status = 'failed') as failed_jobs
from job_history
where true
and ifnull(started_at, created_at) >= :since
and ifnull(started_at, created_at) < :until;
