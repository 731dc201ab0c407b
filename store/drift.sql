-- Every question about what an update changed and who went quiet. Values are bound by name.

-- name: watched_keys
-- List which keys that matter records had, and how many records there were.
select source, version, signal, name, key, type, field, emitter, count, first_seen, last_seen
from inventory
where field is not null or key = '';

-- name: new_keys
-- List the keys of one kind of record that an older version of their source did not have.
select distinct key
from inventory as i
where source = :source
and version = :version
and signal = :signal
and name = :called
and field is null
and key not in ('', '…')
and not exists (
  select 1
  from inventory as o
  where o.source = :source and o.version = :older and o.signal = :signal and o.name = :called and o.key = i.key
)
order by count desc, key
limit :limit;

-- name: late_sessions
-- List the sessions that are open or began after a time, the last heard of first.
select
  s.session_id, s.emitter, s.started_at, s.last_seen_at,
  s.ended_at is null and exists (select 1 from open_jobs as j where j.session_id = s.session_id) as has_job
from agent_sessions as s
where s.session_id in (
  select *
  from (
    select o.session_id
    from agent_sessions as o
    where o.ended_at is null and o.last_seen_at >= :since
    order by o.last_seen_at desc
    limit :limit
  )
  union all
  select *
  from (
    select b.session_id
    from agent_sessions as b
    where b.started_at >= :since
    order by b.started_at desc
    limit :limit
  )
)
order by s.last_seen_at desc;

-- name: last_work
-- List the last entries of a session, the newest first.
select kind, timestamp
from agent_traces
where session_id = :session
order by timestamp desc
limit :limit;

-- name: last_said
-- Read why the last model call of a session ended, and which tool was called last.
select *
from (
  select 'llm' as kind, finish_reason as said
  from model_calls
  where session_id = :session
  order by started_at desc
  limit 1
)
union all
select *
from (
  select 'tool' as kind, name as said
  from tool_calls
  where session_id = :session
  order by timestamp desc
  limit 1
);

-- name: calls_by_signal
-- Count what a session's last spans and log records tell of model calls and tool calls, and find the last of each.
select kind, is_log, count(*) as calls, max(timestamp) as last
from (
  select kind, trace_id like 'log/%' as is_log, timestamp
  from agent_traces
  where session_id = :session
  order by timestamp desc
  limit :limit
)
where kind in ('llm', 'tool')
group by kind, is_log;

-- name: calls_since
-- Count the calls of a kind that a session's spans, or its log records, tell of after a time.
select count(*) as calls
from agent_traces
where session_id = :session
and kind = :kind
and timestamp > :since
and (trace_id like 'log/%') = :is_log;

-- name: last_point
-- Find the newest of the latest metric points that name a session.
select max(sort_time) as last
from (
  select p.sort_time, p.attributes, p.resource_id
  from raw_points as p
  where p.sort_time > :since
  order by p.sort_time desc
  limit :limit
) as p
join resources as r on r.id = p.resource_id
where instr(p.attributes, :session) or instr(r.attributes, :session);
