-- Every statement about the derived tables that is not made from their description in schema/derived.py.

-- name: positions
-- Read how far the raw records of each signal have been read.
select signal, after_id
from derived_positions;

-- name: inventory
-- List what keys records had.
select {columns}
from inventory;

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

-- name: spans_read
-- List spans after an id, in order of arrival.
select {columns}, id
from raw_spans
where id > ?
order by id
limit ?;

-- name: logs_read
-- List log records after an id, in order of arrival.
select {columns}, id
from raw_logs
where id > ?
order by id
limit ?;

-- name: trace_spans
-- List the spans of a trace.
select {columns}
from raw_spans
where trace_id = ?
order by id;

-- name: trace_logs
-- List the log records of a trace.
select {columns}
from raw_logs
where trace_id = ?
order by id;

-- name: trace_span_count
-- Count the spans of a trace.
select count(*)
from raw_spans
where trace_id = ?;

-- name: trace_log_count
-- Count the log records of a trace.
select count(*)
from raw_logs
where trace_id = ?;

-- name: log_by_identity
-- Read a log record.
select {columns}
from raw_logs
where sort_time = ?
and fingerprint = ?;

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
-- Say whether anything was derived from a trace.
select 1
from agent_traces
where otel_trace_id = ?
limit 1;

-- name: session_traces
-- List the OpenTelemetry traces of a session.
select distinct otel_trace_id
from agent_traces
where session_id = ?
and otel_trace_id is not null;

-- name: session_logs
-- List the keys of a session's log records outside of any trace.
select key
from events
where session_id = ?
and trace_id is null
and key like 'log/%';

-- name: trace_sessions
-- List the sessions that a trace's entries were given to.
select distinct session_id
from agent_traces
where otel_trace_id = ?
and session_id is not null;

-- name: idle_sessions
-- List open sessions without a record since a time, the oldest first.
select session_id
from agent_sessions
where ended_at is null
and last_seen_at < ?
order by last_seen_at
limit ?;

-- name: open_job_sessions
-- List the sessions that have open jobs.
select distinct session_id
from open_jobs
where session_id is not null
limit ?;

-- name: raw_ends
-- Find the newest id of each signal.
select (select ifnull(max(id), 0) from raw_spans), (select ifnull(max(id), 0) from raw_logs);
