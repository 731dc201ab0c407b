-- Every statement about the derived tables that is not made from their description in schema/derived.py.
-- Records whose texts were forgotten tell nothing more, like those that are gone: `repaired` says so under `content`.

-- name: positions
-- Read how far the raw records of each signal have been read.
select signal, after_id
from derived_positions;

-- name: inventory
-- List what keys records had.
select {columns}
from inventory;

-- name: known_names
-- List the names that are counted by themselves.
select distinct kind, name
from names;

-- name: names_position
-- Read up to which span names are counted.
select ifnull((select after_id from derived_positions where signal = 'names/traces'), 0);

-- name: set_position
-- Write down how far the raw records of a signal have been read.
insert into derived_positions (signal, after_id)
values (?, ?)
on conflict (signal) do update
set after_id = excluded.after_id;

-- name: count_start
-- Add a job to the day on which it started, or take it away with -1.
insert into daily_metrics (date, jobs_started)
select substr(ifnull(started_at, completed_at), 1, 10), ?2
from job_history
where id = ?1
and ifnull(started_at, completed_at) is not null
on conflict (date) do update
set jobs_started = jobs_started + excluded.jobs_started;

-- name: count_end
-- Add a job's sums to the day on which it ended, or take them away with -1.
insert into daily_metrics (
  date, jobs_completed, jobs_failed, total_input_tokens, total_output_tokens, total_elapsed_ms, files_modified_count
)
select
  substr(ifnull(completed_at, started_at), 1, 10),
  ?2 * (status = 'completed'), ?2 * (status = 'failed'),
  ?2 * ifnull(input_tokens, 0), ?2 * ifnull(output_tokens, 0),
  ?2 * ifnull(elapsed_ms, 0), ?2 * ifnull(files_modified_count, 0)
from job_history
where id = ?1
and ifnull(completed_at, started_at) is not null
on conflict (date) do update
set
  jobs_completed = jobs_completed + excluded.jobs_completed,
  jobs_failed = jobs_failed + excluded.jobs_failed,
  total_input_tokens = total_input_tokens + excluded.total_input_tokens,
  total_output_tokens = total_output_tokens + excluded.total_output_tokens,
  total_elapsed_ms = total_elapsed_ms + excluded.total_elapsed_ms,
  files_modified_count = files_modified_count + excluded.files_modified_count;

-- name: priced_calls
-- List calls that were priced, or could not be, after an id: what is needed to price them again.
select
  call_id, provider, ifnull(model, request_model), started_at, duration_ms, input_tokens, output_tokens,
  cache_read_tokens, cache_write_tokens, cost_nanos, cost_source, price_version, usage_role
from model_calls
where call_id > ?
and cost_source in ('computed', 'unknown_model')
order by call_id
limit ?;

-- name: price_call
-- Write what a call cost.
update model_calls
set cost_nanos = ?1, cost_source = ?2, price_version = ?3
where call_id = ?4;

-- name: price_entry
-- Write what an entry's call cost.
update agent_traces
set cost_nanos = ?1, cost_source = ?2, estimated_cost_usd = ?1 / 1e9
where trace_id = ?4
and ?3 is ?3;

-- name: price_job
-- Add up what the job of a call cost.
update job_history
set
  (cost_nanos, estimated_cost, cost_source) = (
    select
      sum(c.cost_nanos), sum(c.cost_nanos) / 1e9,
      case
        when count(distinct c.cost_source) > 1 then 'mixed'
        else max(c.cost_source)
      end
    from model_calls as c
    where c.job_id = job_history.id
    and c.counted = 1
    and (c.cost_nanos is not null or c.input_tokens is not null or c.output_tokens is not null)
  )
where id = (select job_id from model_calls where call_id = ?);

-- name: price_open_job
-- Add up what the open job of a call cost.
update open_jobs
set cost_nanos = (select sum(c.cost_nanos) from model_calls as c where c.job_id = open_jobs.id and c.counted = 1)
where id = (select job_id from model_calls where call_id = ?);

-- name: price_subagent
-- Add up what the subagent of a call cost.
update job_subagents
set
  cost_nanos = (
    select sum(c.cost_nanos)
    from model_calls as c
    where c.job_id = job_subagents.job_id
    and c.agent_id = job_subagents.subagent_id
    and c.counted = 1
  )
where (job_id, subagent_id) = (select job_id, agent_id from model_calls where call_id = ?);

-- name: price_agent
-- Add up what the run of a call cost.
update agents
set
  cost_nanos = (
    select sum(c.cost_nanos)
    from model_calls as c
    where c.session_id = agents.session_id
    and c.agent_id = agents.agent_id
    and c.counted = 1
  )
where agent_id = (select agent_id from model_calls where call_id = ?);

-- name: prices
-- List the prices that users set and imported.
select
  provider, model, valid_from, input_mtok, cache_read_mtok, cache_write_mtok, output_mtok, context_window, source
from model_prices
order by source, provider, model, valid_from;

-- name: count_day
-- Add up a day's jobs anew, if all of them are kept.
insert into daily_metrics (
  date, jobs_started, jobs_completed, jobs_failed, total_input_tokens, total_output_tokens, total_elapsed_ms,
  files_modified_count
)
select
  ?1, ifnull(sum(began), 0), ifnull(sum(ended and status = 'completed'), 0), ifnull(sum(ended and status = 'failed'), 0),
  ifnull(sum(ended * input_tokens), 0), ifnull(sum(ended * output_tokens), 0),
  ifnull(sum(ended * elapsed_ms), 0), ifnull(sum(ended * files_modified_count), 0)
from (
  select
    substr(ifnull(started_at, completed_at), 1, 10) = ?1 as began,
    substr(ifnull(completed_at, started_at), 1, 10) = ?1 as ended,
    status, input_tokens, output_tokens, elapsed_ms, files_modified_count
  from job_history
  where (started_at >= ?1 and started_at < ?1 || 'U')
  or (completed_at >= ?1 and completed_at < ?1 || 'U')
)
where not exists (select 1 from retention_state where key = 'days_closed' and value >= ?1)
having count(*) > 0
on conflict (date) do update
set
  jobs_started = excluded.jobs_started,
  jobs_completed = excluded.jobs_completed,
  jobs_failed = excluded.jobs_failed,
  total_input_tokens = excluded.total_input_tokens,
  total_output_tokens = excluded.total_output_tokens,
  total_elapsed_ms = excluded.total_elapsed_ms,
  files_modified_count = excluded.files_modified_count;

-- name: job_days
-- List the days on which jobs started or ended.
select substr(started_at, 1, 10)
from job_history
where started_at is not null
union
select substr(completed_at, 1, 10)
from job_history
where completed_at is not null;

-- name: spans_read
-- List spans after an id, in order of arrival.
select {columns}, id
from raw_spans
where id > ?
and (repaired is null or repaired ->> 'content' is null)
order by id
limit ?;

-- name: logs_read
-- List log records after an id, in order of arrival.
select {columns}, id
from raw_logs
where id > ?
and (repaired is null or repaired ->> 'content' is null)
order by id
limit ?;

-- name: trace_spans
-- List the spans of a trace.
select {columns}
from raw_spans
where trace_id = ?
and (repaired is null or repaired ->> 'content' is null)
order by id;

-- name: trace_logs
-- List the log records of a trace.
select {columns}
from raw_logs
where trace_id = ?
and (repaired is null or repaired ->> 'content' is null)
order by id;

-- name: trace_size
-- Count the spans and log records of a trace, by an index alone: those whose texts were forgotten as well.
select
  (select count(*) from raw_spans where trace_id = ?1) + (select count(*) from raw_logs where trace_id = ?1);

-- name: log_by_identity
-- Read a log record.
select {columns}
from raw_logs
where sort_time = ?
and fingerprint = ?
and (repaired is null or repaired ->> 'content' is null);

-- name: resource
-- Read a resource's attributes.
select attributes
from resources
where id = ?;

-- name: scope
-- Read a scope's name and version.
select name, version
from scopes
where id = ?;

-- name: trace_is_known
-- Say whether anything was derived from a trace, or from one that it caused.
select 1
where exists (select 1 from agent_traces where otel_trace_id = ?1)
or exists (select 1 from trace_ties where tie = 'trace:' || ?1)
or exists (select 1 from events where trace_id = ?1 and session_id is not null);

-- name: session_is_known
-- Say whether anything was derived for a session.
select 1
where exists (select 1 from agent_sessions where session_id = ?1)
or exists (select 1 from agent_traces where session_id = ?1)
or exists (select 1 from events where session_id = ?1)
or exists (select 1 from agent_sessions where parent_session_id = ?1)
or exists (select 1 from agent_sessions where previous_id = ?1);

-- name: session_traces
-- List the OpenTelemetry traces of a session; one that stands for a trace is that trace's, whoever has its entries.
select otel_trace_id
from agent_traces
where session_id = ?1
and otel_trace_id is not null
union
select trace_id
from events
where session_id = ?1
and trace_id is not null
union
select trace_id
from trace_ties
where session_id = ?1
union
select substr(?1, 7)
where ?1 like 'trace:%';

-- name: session_logs
-- List the keys of a session's log records outside of any trace.
select key
from events
where session_id = ?
and trace_id is null
and key like 'log/%';

-- name: tied
-- List the traces that a tie holds together.
select trace_id
from trace_ties
where tie = ?;

-- name: trace_sessions
-- List the sessions that a trace's entries were given to.
select distinct session_id
from agent_traces
where otel_trace_id = ?
and session_id is not null;

-- name: relatives
-- List the sessions that a session is tied to: the one that started it or that it goes on from, and those that it did.
select parent_session_id
from agent_sessions
where session_id = ?1
and parent_session_id is not null
union
select previous_id
from agent_sessions
where session_id = ?1
and previous_id is not null
union
select session_id
from agent_sessions
where parent_session_id = ?1
union
select session_id
from agent_sessions
where previous_id = ?1;

-- name: idle_sessions
-- List open sessions without a record since a time, the oldest first.
select session_id
from agent_sessions
where ended_at is null
and last_seen_at < ?
order by last_seen_at
limit ?;

-- name: open_job_sessions
-- List sessions that have open jobs without a record since a time, in order, after one of them.
select distinct session_id
from open_jobs
where session_id > ?1
and last_seen_at <= ?2
order by session_id
limit ?3;

-- name: raw_ends
-- Find the newest id that was given for each signal, whether or not its row is kept.
select
  ifnull((select seq from sqlite_sequence where name = 'raw_spans'), 0),
  ifnull((select seq from sqlite_sequence where name = 'raw_logs'), 0);

-- name: oldest_after
-- Find when the first record behind the ids came; null when there is none.
select min(received_at)
from (
  select (select received_at from raw_spans where id > ?1 order by id limit 1) as received_at
  union all
  select (select received_at from raw_logs where id > ?2 order by id limit 1)
  union all
  select (select received_at from raw_points where id > ?3 order by id limit 1)
);

-- name: points_end
-- Find the newest id that was given to a metric point, and up to which they have been read.
select ifnull((select seq from sqlite_sequence where name = 'raw_points'), 0), (select ifnull(max(after_id), 0) from derived_positions where signal = 'metrics');

-- name: points_read
-- List the points of some metrics after one id up to another, in order of arrival.
select
  id, resource_id, scope_id, name, type, temporality, is_monotonic, start_time_unix_nano, time_unix_nano, attributes,
  value, sum
from raw_points
where id > ?1
and id <= ?2
and name in (select value from json_each(?3))
order by id;

-- name: session_series
-- List the folded series of a session.
select {columns}
from usage_series
where session_id = ?;

-- name: session_is_counted
-- Say whether a session has model calls that records tell of.
select 1
from model_calls
where session_id = ?
and counted = 1
and usage_role <> 'metric'
limit 1;

-- name: program_is_counted
-- Say whether a program had model calls that records tell of, between two times.
select 1
from model_calls
where started_at >= ?2
and started_at <= ?3
and emitter = ?1
and counted = 1
and usage_role <> 'metric'
limit 1;

-- name: session_is_told
-- Say whether a program wrote a session's model calls itself.
select 1
from model_calls
where session_id = ?
and counted = 1
and emitter = 'api'
limit 1;

-- name: raw_forgotten
-- Say whether raw records were ever forgotten.
select 1
from forgotten
where rows > 0
limit 1;

-- name: told_of_session
-- List what was derived of a session record by record: table, key, the keys of its records, job.
select 'agent_traces', trace_id, json_array(iif(kind = 'moment', parent_trace_id, trace_id)), job_id
from agent_traces
where session_id = ?1
and emitter is not 'api'
and (
  kind = 'moment'
  or trace_id = otel_trace_id || '/' || otel_span_id
  or trace_id like 'log/%'
)
union all
select 'model_calls', call_id, sources, job_id
from model_calls
where session_id = ?1
and emitter is not 'api'
and usage_role <> 'metric'
union all
select 'tool_calls', key, sources, job_id
from tool_calls
where session_id = ?1
and emitter is not 'api'
union all
select 'events', key, json_array(iif(key like 'log/%', key, trace_id || '/' || span_id)), job_id
from events
where session_id = ?1
and emitter is not 'api'
and key is not null;

-- name: told_in_trace
-- List what was derived of a trace record by record, as far as it belongs to no session.
select 'agent_traces', trace_id, json_array(iif(kind = 'moment', parent_trace_id, trace_id)), job_id
from agent_traces
where otel_trace_id = ?1
and session_id is null
and emitter is not 'api'
union all
select 'model_calls', m.call_id, m.sources, m.job_id
from agent_traces as t
join model_calls as m on m.call_id = t.trace_id
where t.otel_trace_id = ?1
and m.session_id is null
and m.emitter is not 'api'
union all
select 'tool_calls', c.key, c.sources, c.job_id
from agent_traces as t
join tool_calls as c on c.key = t.trace_id
where t.otel_trace_id = ?1
and c.session_id is null
and c.emitter is not 'api'
union all
select 'events', key, json_array(iif(key like 'log/%', key, trace_id || '/' || span_id)), job_id
from events
where trace_id = ?1
and session_id is null
and emitter is not 'api'
and key is not null;

-- name: open_jobs_of_session
-- List a session's jobs that go on.
select id
from open_jobs
where session_id = ?
and emitter is not 'api';

-- name: session_span
-- Read from when to when a session's records go.
select started_at, last_seen_at
from agent_sessions
where session_id = ?
and source = 'otlp'
and emitter is not 'api'
and last_seen_at is not null;

-- name: any_parked
-- Say whether commands wait for what they are about.
select 1
from ingest_rejections
where state = 'parked'
limit 1;
