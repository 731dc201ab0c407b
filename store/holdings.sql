-- What is held of sessions and of a user: questions that erasing asks. `:sessions` is a JSON array of ids.

-- name: sessions_of_users
-- List the sessions of users.
select session_id
from agent_sessions
where user_id in (select value from json_each(:users));

-- name: with_children
-- List sessions with those that they started, and that these started.
with recursive held (session_id) as (
  select value from json_each(:sessions)
  union
  select s.session_id
  from held as h
  join agent_sessions as s on s.parent_session_id = h.session_id
)
select session_id
from held;

-- name: synthetic_in
-- List the sessions that were made up for traces.
select distinct a.session_id
from json_each(:traces) as k
join agent_traces as t on t.otel_trace_id = k.value
join agent_sessions as a on a.session_id = t.session_id
where a.synthetic = 1;

-- name: jobs_of_sessions
-- List the finished jobs of sessions.
select j.id
from json_each(:sessions) as s
join job_history as j on j.session_id = s.value;

-- name: traces_since
-- List the traces of the spans and log records that came between ids.
select distinct trace_id
from raw_spans
where id > :after_span
and id <= :span
union
select distinct trace_id
from raw_logs
where id > :after_log
and id <= :log
and trace_id is not null;

-- name: sessions_since
-- List the sessions that came since a time.
select session_id
from agent_sessions
where created_at >= :since;

-- name: pinned
-- List those of some sessions that are pinned.
select session_id
from pinned_sessions
where session_id in (select value from json_each(:sessions));

-- name: traces
-- List the OpenTelemetry traces of sessions.
select otel_trace_id
from json_each(:sessions) as s
join agent_traces as t on t.session_id = s.value
where otel_trace_id is not null
union
select trace_id
from json_each(:sessions) as s
join events as e on e.session_id = s.value
where trace_id is not null
union
select trace_id
from json_each(:sessions) as s
join trace_ties as t on t.session_id = s.value;

-- name: of_others
-- List the keys of the records in traces that are other sessions'.
select t.trace_id
from json_each(:traces) as k
join agent_traces as t on t.otel_trace_id = k.value
where t.session_id not in (select value from json_each(:sessions))
union
select iif(e.key like 'log/%', e.key, e.trace_id || '/' || e.span_id)
from json_each(:traces) as k
join events as e on e.trace_id = k.value
where e.session_id not in (select value from json_each(:sessions));

-- name: is_anothers
-- Say whether a record is one of another session.
select 1
where exists (
  select 1
  from agent_traces
  where trace_id = :key
  and session_id not in (select value from json_each(:sessions))
)
or exists (
  select 1
  from events
  where key = :key
  and session_id not in (select value from json_each(:sessions))
);

-- name: spans_in
-- List the spans of traces.
select s.id, s.trace_id || '/' || s.span_id
from json_each(:traces) as k
join raw_spans as s on s.trace_id = k.value;

-- name: logs_in
-- List the log records of traces.
select l.id, 'log/' || l.sort_time || '/' || l.fingerprint
from json_each(:traces) as k
join raw_logs as l on l.trace_id = k.value;

-- name: own_logs
-- List the keys of log records that sessions have events of.
select e.key
from json_each(:sessions) as s
join events as e on e.session_id = s.value
where e.key like 'log/%'
union
select t.trace_id
from json_each(:sessions) as s
join agent_traces as t on t.session_id = s.value
where t.trace_id like 'log/%';

-- name: logs_by_key
-- Find log records by their sort times and fingerprints, pairs in a JSON array.
select l.id, 'log/' || l.sort_time || '/' || l.fingerprint
from json_each(:keys) as k
join raw_logs as l on l.sort_time = k.value ->> 0 and l.fingerprint = k.value ->> 1;

-- name: resources_naming
-- List resources in which one of some words stands.
select id, attributes
from resources
where exists (select 1 from json_each(:words) as w where instr(attributes, w.value));

-- name: spans_naming
-- List spans in which one of some words stands, between two ids.
select id, trace_id || '/' || span_id, trace_id, resource_id, attributes
from raw_spans as o
where id > :after
and id <= :until
and (
  resource_id in (select value from json_each(:resources))
  or exists (select 1 from json_each(:words) as w where instr(o.attributes, w.value))
);

-- name: logs_naming
-- List log records in which one of some words stands, between two ids.
select id, 'log/' || sort_time || '/' || fingerprint, trace_id, resource_id, attributes, iif(body_is_json, body, null)
from raw_logs as o
where id > :after
and id <= :until
and (
  resource_id in (select value from json_each(:resources))
  or exists (select 1 from json_each(:words) as w where instr(o.attributes, w.value) or instr(o.body, w.value))
);

-- name: points_naming
-- List metric points in which one of some words stands, between two ids.
select id, '', null, resource_id, attributes
from raw_points as o
where id > :after
and id <= :until
and (
  resource_id in (select value from json_each(:resources))
  or exists (select 1 from json_each(:words) as w where instr(o.attributes, w.value))
);

-- name: rejections
-- List refused items after an id.
select id, session_id, trace_id, message, payload
from ingest_rejections
where id > :after
order by id
limit :limit;

-- name: counted
-- Count what was derived of sessions, and what they told of work.
select
  (select count(*) from json_each(:sessions) as s join agent_sessions as a on a.session_id = s.value) as sessions,
  (select count(*) from json_each(:sessions) as s join agent_traces as a on a.session_id = s.value) as entries,
  (select count(*) from json_each(:sessions) as s join model_calls as a on a.session_id = s.value) as model_calls,
  (select count(*) from json_each(:sessions) as s join tool_calls as a on a.session_id = s.value) as tool_calls,
  (select count(*) from json_each(:sessions) as s join events as a on a.session_id = s.value) as events,
  (
    select count(*)
    from json_each(:sessions) as s
    join job_history as a on a.session_id = s.value
  ) + (
    select count(*)
    from json_each(:sessions) as s
    join open_jobs as a on a.session_id = s.value
  ) as jobs,
  (
    select count(*)
    from debug_notes
    where agent_session_id in (select value from json_each(:sessions))
  ) + (
    select count(*)
    from summaries
    where agent_session_id in (select value from json_each(:sessions))
  ) as notes,
  (select count(*) from sessions where session_id in (select value from json_each(:sessions))) as mirrored;

-- name: archives
-- List the files that records were archived in.
select file, signal, day, rows, bytes, sha256, created_at
from archives
order by file;

-- name: unfinished
-- List what was erased, and not yet as a whole; kind and name of what was asked for, as long as they are needed.
select hash, begun_at, kind, name
from erased
where done_at is null;

-- name: erased
-- List what was erased since a time, and since when.
select hash, begun_at
from erased
where begun_at >= :since
or done_at is null;
