-- Every question about what agents did. Values are bound by name; a condition whose value is not given is left out.

-- name: sessions
-- List sessions, newest first, after a place in that order.
select
  s.*,
  (select count(*) from agent_traces as t where t.session_id = s.session_id) as total_events,
  (select count(*) from job_history as j where j.session_id = s.session_id) as jobs,
  (select count(*) from model_calls as m where m.session_id = s.session_id and m.counted = 1) as model_calls,
  (
    select sum(coalesce(m.input_tokens + m.output_tokens, m.input_tokens, m.output_tokens))
    from model_calls as m
    where m.session_id = s.session_id and m.counted = 1
  ) as total_tokens,
  (select sum(m.cost_nanos) from model_calls as m where m.session_id = s.session_id and m.counted = 1) as cost_nanos
from agent_sessions as s
where true
and s.agent_name = :agent
and (s.ended_at is null) = :active
and likely(s.exit_reason = :exit_reason)
and +s.project_key = :project
and s.user_id = :user
and exists (select 1 from usage_days as u where u.session_id = s.session_id and +u.model = :model)
and (select sum(u.cost_nanos) from usage_days as u where u.session_id = s.session_id and u.priced > 0) >= :min_nanos
and (select sum(u.cost_nanos) from usage_days as u where u.session_id = s.session_id and u.priced > 0) <= :max_nanos
and s.started_at >= :since
and s.started_at < :until
and (s.started_at, s.session_id) < (:after_time, :after_id)
order by s.started_at desc, s.session_id desc
limit :limit;

-- name: unpriced
-- List the models whose calls nobody could price, the most used first.
select provider, model, count(*) as calls, sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens
from model_calls
where cost_source = 'unknown_model'
group by provider, model
order by calls desc, provider, model
limit :limit;

-- name: prices
-- List the prices that users set and imported.
select
  provider, model, valid_from, input_mtok, cache_read_mtok, cache_write_mtok, output_mtok, context_window, source
from model_prices
where true
and model = :model
and source = :source
order by source = 'user' desc, provider, model, valid_from
limit :limit;

-- name: behind
-- Count the raw records that nothing is derived from yet.
select
  (select ifnull(max(id), 0) from raw_spans)
  - ifnull((select after_id from derived_positions where signal = 'traces'), 0) as spans,
  (select ifnull(max(id), 0) from raw_logs)
  - ifnull((select after_id from derived_positions where signal = 'logs'), 0) as logs;

-- name: active_sessions
-- List sessions that have not ended, newest first.
select *
from agent_sessions
where ended_at is null
order by started_at desc, session_id desc
limit :limit;

-- name: session
-- Read one session and what it comes to.
select
  s.*,
  (select count(*) from agent_traces as t where t.session_id = s.session_id) as total_events,
  (select count(*) from agent_traces as t where t.session_id = s.session_id and t.status = 'error') as errors,
  (select max(t.timestamp) from agent_traces as t where t.session_id = s.session_id) as last_entry_at,
  (select count(*) from job_history as j where j.session_id = s.session_id) as jobs,
  (select count(*) from tool_calls as c where c.session_id = s.session_id) as tool_calls,
  (select count(*) from tool_calls as c where c.session_id = s.session_id and c.is_error = 1) as failed_tool_calls
from agent_sessions as s
where s.session_id = :id;

-- name: session_models
-- Add up a session's model calls for each model.
select
  provider, model, count(*) as calls, sum(status = 'error') as errors,
  sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
  sum(cache_read_tokens) as cache_read_tokens, sum(cache_write_tokens) as cache_write_tokens,
  sum(reasoning_tokens) as reasoning_tokens, sum(cost_nanos) as cost_nanos,
  group_concat(distinct cost_source) as cost_sources
from model_calls
where session_id = :id
and counted = 1
group by provider, model
order by calls desc, provider, model;

-- name: job_models
-- Add up a job's model calls for each model.
select
  provider, model, count(*) as calls, sum(status = 'error') as errors,
  sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
  sum(cache_read_tokens) as cache_read_tokens, sum(cache_write_tokens) as cache_write_tokens,
  sum(reasoning_tokens) as reasoning_tokens, sum(cost_nanos) as cost_nanos,
  group_concat(distinct cost_source) as cost_sources
from model_calls
where job_id = :id
and counted = 1
group by provider, model
order by calls desc, provider, model;

-- name: session_ids
-- Find the sessions whose ids begin with a text.
select session_id as id
from agent_sessions
where session_id >= :prefix
and session_id < :prefix || char(1114111)
order by session_id
limit :limit;

-- name: job_ids
-- Find the jobs, also running ones, whose ids begin with a text.
select id
from job_history
where id >= :prefix
and id < :prefix || char(1114111)
union
select id
from open_jobs
where id >= :prefix
and id < :prefix || char(1114111)
order by id
limit :limit;

-- name: trace_ids
-- Find the OpenTelemetry traces whose ids begin with a text.
select distinct trace_id as id
from raw_spans
where trace_id >= :prefix
and trace_id < :prefix || char(1114111)
order by trace_id
limit :limit;

-- name: entry_ids
-- Find the entries whose ids begin with a text.
select trace_id as id
from agent_traces
where trace_id >= :prefix
and trace_id < :prefix || char(1114111)
order by trace_id
limit :limit;

-- name: entries
-- List entries in order of time, after a place in that order.
select *
from agent_traces
where true
and session_id = :session
and type = :type
and kind = :kind
and status = :status
and duration_ms >= :min_ms
and duration_ms <= :max_ms
and timestamp >= :since
and timestamp < :until
and (name like :text escape '\' or type like :text escape '\' or raw_input like :text escape '\'
  or raw_output like :text escape '\' or data like :text escape '\' or model_used like :text escape '\'
  or error_type like :text escape '\' or error_message like :text escape '\')
and (timestamp, trace_id) > (:after_time, :after_id)
order by timestamp, trace_id
limit :limit offset :offset;

-- name: newest_entries
-- List entries, newest first, after a place in that order.
select *
from agent_traces
where true
and session_id = :session
and type = :type
and kind = :kind
and status = :status
and duration_ms >= :min_ms
and duration_ms <= :max_ms
and timestamp >= :since
and timestamp < :until
and (name like :text escape '\' or type like :text escape '\' or raw_input like :text escape '\'
  or raw_output like :text escape '\' or data like :text escape '\' or model_used like :text escape '\'
  or error_type like :text escape '\' or error_message like :text escape '\')
and (timestamp, trace_id) < (:after_time, :after_id)
and (timestamp, trace_id) >= (:end_time, :end_id)
order by timestamp desc, trace_id desc
limit :limit;

-- name: entries_end
-- Find the entry at which a page ends for which so many entries are looked at.
select timestamp, trace_id
from agent_traces
where true
and session_id = :session
and type = :type
and timestamp >= :since
and timestamp < :until
and (timestamp, trace_id) < (:after_time, :after_id)
order by timestamp desc, trace_id desc
limit 1 offset :looked - 1;

-- name: entry
-- Read one entry.
select *
from agent_traces
where trace_id = :id;

-- name: outline
-- List a session's entries without what was said in them, in order of time.
select
  trace_id, parent_trace_id, type, name, timestamp, duration_ms, input_tokens, output_tokens, model_used,
  provider_used, cost_nanos, cost_source, kind, status, error_type, error_message, counted, emitter, job_id, agent_id
from agent_traces
where session_id = :session
order by timestamp, trace_id
limit :limit;

-- name: trace_spans
-- List the spans of an OpenTelemetry trace in order of time, each with what it means.
select
  s.trace_id, s.span_id, s.parent_span_id, s.name, s.kind as span_kind, s.service_name, s.scope_name,
  s.start_time_unix_nano, s.end_time_unix_nano, s.duration_nano, s.status_code, s.status_message,
  t.session_id, t.job_id, t.agent_id, t.type, t.kind, t.status, t.error_type, t.error_message,
  t.model_used, t.provider_used, t.input_tokens, t.output_tokens, t.cache_read_tokens, t.cache_write_tokens,
  t.reasoning_tokens, t.counted, t.usage_role, t.duplicate_of, t.cost_nanos, t.cost_source, t.emitter
from spans as s
left join agent_traces as t on t.trace_id = s.trace_id || '/' || s.span_id
where s.trace_id = :trace
order by s.start_time_unix_nano, s.span_id
limit :limit;

-- name: trace_log_entries
-- List what log records of an OpenTelemetry trace mean, in order of time.
select
  trace_id, parent_trace_id, session_id, job_id, agent_id, type, name, timestamp, kind, status, error_type,
  error_message, model_used, provider_used, input_tokens, output_tokens, counted, usage_role, duplicate_of,
  cost_nanos, cost_source, emitter
from agent_traces
where otel_trace_id = :trace
and trace_id >= 'log/'
and trace_id < 'log0'
order by timestamp, trace_id
limit :limit;

-- name: jobs
-- List jobs that are over, newest first, after a place in that order.
select *, ifnull(started_at, created_at) as time
from job_history
where true
and session_id = :session
and agent_name = :agent
and status = :status
and model = :model
and ifnull(started_at, created_at) >= :since
and ifnull(started_at, created_at) < :until
and cost_nanos >= :min_nanos
and cost_nanos <= :max_nanos
and exists (select 1 from tool_calls as c where c.job_id = job_history.id and +c.name = :tool)
and id in (select c.job_id from tool_calls as c where c.name = :seldom)
and files_modified_json like :part escape '\'
and exists (
  select 1
  from json_each(job_history.files_modified_json) as f
  where '/' || trim(f.value, '/') || '/' like :file escape '\'
)
and (error_type like :error escape '\' or error_message like :error escape '\')
and (ifnull(started_at, created_at), id) < (:after_time, :after_id)
order by ifnull(started_at, created_at) desc, id desc
limit :limit;

-- name: running_jobs
-- List jobs that nothing says have ended, newest first, after a place in that order.
select *, 'running' as status, ifnull(started_at, ifnull(last_seen_at, '')) as time
from open_jobs
where true
and session_id = :session
and agent_name = :agent
and model = :model
and ifnull(started_at, ifnull(last_seen_at, '')) >= :since
and ifnull(started_at, ifnull(last_seen_at, '')) < :until
and cost_nanos >= :min_nanos
and cost_nanos <= :max_nanos
and exists (select 1 from tool_calls as c where c.job_id = open_jobs.id and +c.name = :tool)
and id in (select c.job_id from tool_calls as c where c.name = :seldom)
and (ifnull(started_at, ifnull(last_seen_at, '')), id) < (:after_time, :after_id)
order by ifnull(started_at, ifnull(last_seen_at, '')) desc, id desc
limit :limit;

-- name: job
-- Read a job that is over.
select *, ifnull(started_at, created_at) as time
from job_history
where id = :id;

-- name: running_job
-- Read a job that nothing says has ended.
select *, 'running' as status, ifnull(started_at, ifnull(last_seen_at, '')) as time
from open_jobs
where id = :id;

-- name: job_tool_calls
-- List a job's tool calls in order of time, after a place in that order.
select *, ifnull(timestamp, '') as place
from tool_calls
where job_id = :id
and (ifnull(timestamp, ''), id) > (:after_time, :after_id)
order by ifnull(timestamp, ''), id
limit :limit;

-- name: job_subagents
-- List a job's subagents.
select *
from job_subagents
where job_id = :id
order by id
limit :limit;

-- name: job_failures
-- List a job's model calls that failed, in order of time.
select call_id, started_at, agent_name, provider, model, error_type, error_message
from model_calls
where job_id = :id
and status = 'error'
order by started_at, call_id
limit :limit;

-- name: tools
-- Count the calls of each tool, the most used first.
select
  name, count(*) as calls, sum(is_error) as failures, count(duration_ms) as timed, max(duration_ms) as max_ms,
  sum(duration_ms) as total_ms
from tool_calls
where true
and session_id = :session
and job_id = :job
and agent_name = :agent
and name = :tool
and timestamp >= :since
and timestamp < :until
group by name
order by calls desc, name
limit :limit;

-- name: tool_durations
-- Say what half, and 95 of a hundred, of each tool's calls took at most; for some of the calls, of all it is slow.
select
  name,
  min(duration_ms) filter (where place * 2 >= timed) as p50_ms,
  min(duration_ms) filter (where place * 20 >= timed * 19) as p95_ms
from (
  select
    name, duration_ms,
    row_number() over (partition by name order by duration_ms) as place,
    count(*) over (partition by name) as timed
  from tool_calls
  where duration_ms is not null
and session_id = :session
and job_id = :job
and agent_name = :agent
and name = :tool
and timestamp >= :since
and timestamp < :until
order by name, duration_ms
)
group by name;

-- name: calls_of_tool
-- Count all calls of a tool, from what is added up by day.
select ifnull(sum(calls), 0) as calls
from tool_days
where name = :tool;

-- name: tool_day_sums
-- Count the calls of tools on whole days, by classes of their duration.
select
  known.name, known.share, sum(known.calls) as calls, sum(known.failures) as failures, sum(known.total_ms) as total_ms
from tool_days as known
where true
and known.name = :tool
and known.agent_name = :agent
and known.day >= :first
and known.day < :last
group by known.name, known.share;

-- name: tool_part_sums
-- Count the calls of tools in a part of a day, by classes of their duration.
select
  told.name,
  case
    when told.duration_ms is null then -99
    else cast(floor(2 * log2(max(told.duration_ms, 0.001))) as integer)
  end as share,
  count(*) as calls, sum(told.is_error) as failures, ifnull(sum(told.duration_ms), 0) as total_ms
from tool_calls as told
where ifnull(told.timestamp, '') >= :since
  and ifnull(told.timestamp, '') < :until
and +told.name = :tool
and told.agent_name = :agent
group by 1, 2;

-- name: agents
-- Count the sessions of each agent, the busiest first.
select
  agent_name, count(*) as total_sessions, count(*) filter (where ended_at is null) as active_sessions,
  count(*) filter (where exit_reason = 'completed') as completed_sessions,
  count(*) filter (where exit_reason = 'error') as failed_sessions,
  avg((julianday(ended_at) - julianday(started_at)) * 86400) as avg_session_seconds,
  avg(context_tokens) as avg_context_tokens,
  min(started_at) as first_started_at, max(started_at) as last_started_at
from agent_sessions
where true
and agent_name = :agent
and started_at >= :since
group by agent_name
order by total_sessions desc, agent_name
limit :limit;

-- name: agent_usage
-- Add up the model calls in the sessions of an agent.
select
  ifnull(sum(m.calls), 0) as model_calls, iif(sum(m.measured) > 0, sum(m.input_tokens), null) as input_tokens,
  iif(sum(m.measured) > 0, sum(m.output_tokens), null) as output_tokens,
  iif(sum(m.priced) > 0, sum(m.cost_nanos), null) as cost_nanos
from agent_sessions as s
cross join usage_days as m
where m.session_id = s.session_id
and s.agent_name = :agent
and s.started_at >= :since;

-- name: agent_claims
-- Count the issues that sessions claimed, and the skills that they used, each once.
select
  (
    select count(distinct i.value)
    from agent_sessions as s, json_each(s.issues_claimed) as i
    where (:agent is null or s.agent_name = :agent) and s.started_at >= ifnull(:since, '')
  ) as total_issues,
  (
    select count(distinct k.value)
    from agent_sessions as s, json_each(s.skills_used) as k
    where (:agent is null or s.agent_name = :agent) and s.started_at >= ifnull(:since, '')
  ) as total_skills;

-- name: overall
-- Count all sessions.
select
  count(*) as total_sessions, count(*) filter (where ended_at is null) as active_sessions,
  count(distinct agent_name) as unique_agents,
  count(*) filter (where exit_reason = 'completed') as completed_sessions,
  avg((julianday(ended_at) - julianday(started_at)) * 86400) as avg_session_seconds
from agent_sessions
where true
and started_at >= :since;

-- name: durations
-- List how long sessions took, newest first; a session that goes on has no end.
select session_id, agent_name, started_at, ended_at, exit_reason
from agent_sessions
where true
and agent_name = :agent
and started_at >= :since
order by started_at desc, session_id desc
limit :limit;

-- name: setting
-- Read a setting of seed 002.
select value
from trace_settings
where key = :key;

-- name: daily
-- List the days on which jobs ran, newest first.
select *
from daily_metrics
where true
and date >= :since
and date < :until
order by date desc
limit :limit;

-- name: sweeps
-- List what rules of retention took, the last first.
select id, started_at, rule, what, rows, bytes_freed, oldest_left, left_behind, duration_ms, trouble
from sweeps
where id > 0
order by id desc
limit :limit;

-- name: pins
-- List what no rule of retention takes.
select kind, name, note, created_at
from pins
where id > 0
order by id
limit :limit;

-- name: audit
-- List who changed what, the newest first.
select id, at, who, address, action, detail
from audit_log
where id > 0
and id < :before
order by id desc
limit :limit;

-- name: mirrored_sessions
-- List what is written of session directories, in order of the sessions' ids.
select session_id, path, project_key, digest, updated_at, missing_since
from sessions
where session_id > :after
order by session_id
limit :limit;

-- name: mirror_troubles
-- List the session directories that cannot be read.
select path, reason, since
from mirror_troubles
order by path
limit :limit;

-- name: project_paths
-- List the projects that are known by their folders.
select key, path
from projects
where path is not null
order by key
limit :limit;

-- name: export_cursors
-- Say how far exporters have come.
select exporter, signal, after_id, sent, refused, expired, passed, moved_at, retired_at
from export_cursors
where true
and exporter = :exporter
and signal = :signal
order by exporter, signal
limit :limit;

-- name: newest_ids
-- Say what the newest id of each signal is; 0 when there is none.
select
  ifnull((select max(id) from raw_spans), 0) as traces,
  ifnull((select max(id) from raw_logs), 0) as logs,
  ifnull((select max(id) from raw_points), 0) as metrics;

-- name: cost_by_model
-- Add up the model calls of each model, the dearest first, over whole days.
select
  provider, model, sum(calls) as calls, sum(errors) as errors, sum(input_tokens) as input_tokens,
  sum(output_tokens) as output_tokens, round(sum(cost_nanos) / 1e9, 6) as cost_usd,
  sum(calls) - sum(priced) as unpriced_calls
from usage_days as u
where true
and day >= :since
and day < :until
group by provider, model
order by sum(cost_nanos) desc, calls desc
limit :limit;

-- name: cost_by_day
-- Add up the model calls of each day, the newest first, over whole days.
select
  day, sum(calls) as calls, sum(errors) as errors, sum(input_tokens) as input_tokens,
  sum(output_tokens) as output_tokens, round(sum(cost_nanos) / 1e9, 6) as cost_usd,
  sum(calls) - sum(priced) as unpriced_calls
from usage_days as u
where true
and day >= :since
and day < :until
group by day
order by day desc
limit :limit;

-- name: cost_by_agent
-- Add up the model calls of each agent, the dearest first, over whole days.
select
  agent_name, sum(calls) as calls, sum(errors) as errors, sum(input_tokens) as input_tokens,
  sum(output_tokens) as output_tokens, round(sum(cost_nanos) / 1e9, 6) as cost_usd,
  sum(calls) - sum(priced) as unpriced_calls
from usage_days as u
where true
and day >= :since
and day < :until
group by agent_name
order by sum(cost_nanos) desc, calls desc
limit :limit;

-- name: cost_by_project
-- Add up the model calls of each project, the dearest first, over whole days.
select
  s.project_key, sum(calls) as calls, sum(errors) as errors, sum(input_tokens) as input_tokens,
  sum(output_tokens) as output_tokens, round(sum(cost_nanos) / 1e9, 6) as cost_usd,
  sum(calls) - sum(priced) as unpriced_calls
from usage_days as u
left join agent_sessions as s on s.session_id = u.session_id
where true
and day >= :since
and day < :until
group by s.project_key
order by sum(cost_nanos) desc, calls desc
limit :limit;
