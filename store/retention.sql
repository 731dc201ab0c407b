-- What is forgotten, a piece at a time: each statement takes the keys of its rows as a JSON array.

-- name: raw_spans
-- Forget spans.
delete from raw_spans
where id in (select value from json_each(:keys));

-- name: raw_logs
-- Forget log records.
delete from raw_logs
where id in (select value from json_each(:keys));

-- name: raw_points
-- Forget metric points.
delete from raw_points
where id in (select value from json_each(:keys));

-- name: span_texts
-- Forget what spans say: keys are their ids, each with what is left of its attributes and the marks of what was mended.
update raw_spans
set attributes = k.value ->> 1, repaired = k.value ->> 2, events = null, links = null, status_message = ''
from json_each(:keys) as k
where raw_spans.id = k.value ->> 0;

-- name: log_texts
-- Forget what log records say, likewise.
update raw_logs
set attributes = k.value ->> 1, repaired = k.value ->> 2, body = null, body_is_json = 0
from json_each(:keys) as k
where raw_logs.id = k.value ->> 0;

-- name: entry_texts
-- Forget what entries say.
update agent_traces
set raw_input = null, raw_output = null, data = null
where rowid in (select value from json_each(:keys));

-- name: tool_texts
-- Forget what tools were given and gave.
update tool_calls
set input_preview = null, output_preview = null
where id in (select value from json_each(:keys));

-- name: event_texts
-- Forget what events say.
update events
set data_json = null
where id in (select value from json_each(:keys));

-- name: job_texts
-- Forget what jobs were asked and answered.
update job_history
set prompt = null, summary = null, original_prompt = null
where rowid in (select value from json_each(:keys));

-- name: session_entries
-- Forget some entries of sessions.
delete from agent_traces
where rowid in (
  select rowid
  from agent_traces
  where session_id in (select value from json_each(:keys))
  limit :limit
);

-- name: session_model_calls
-- Forget some model calls of sessions.
delete from model_calls
where rowid in (
  select rowid
  from model_calls
  where session_id in (select value from json_each(:keys))
  limit :limit
);

-- name: session_tool_calls
-- Forget some tool calls of sessions.
delete from tool_calls
where id in (
  select id
  from tool_calls
  where session_id in (select value from json_each(:keys))
  limit :limit
);

-- name: session_events
-- Forget some events of sessions.
delete from events
where id in (
  select id
  from events
  where session_id in (select value from json_each(:keys))
  limit :limit
);

-- name: session_subagents
-- Forget some subagents of sessions' jobs.
delete from job_subagents
where id in (
  select s.id
  from job_history as j
  join job_subagents as s on s.job_id = j.id
  where j.session_id in (select value from json_each(:keys))
  limit :limit
);

-- name: session_agents
-- Forget some runs of agents of sessions.
delete from agents
where rowid in (
  select rowid
  from agents
  where session_id in (select value from json_each(:keys))
  limit :limit
);

-- name: session_jobs
-- Forget some finished jobs of sessions; the days in which they were counted stay.
delete from job_history
where rowid in (
  select rowid
  from job_history
  where session_id in (select value from json_each(:keys))
  limit :limit
);

-- name: session_ties
-- Forget some of what ties traces to sessions.
delete from trace_ties
where (tie, trace_id) in (
  select tie, trace_id
  from trace_ties
  where session_id in (select value from json_each(:keys))
  limit :limit
);

-- name: session_series
-- Forget some of what metrics told of sessions.
delete from usage_series
where (series, start) in (
  select series, start
  from usage_series
  where session_id in (select value from json_each(:keys))
  limit :limit
);

-- name: sessions
-- Forget sessions, with the issues that they worked on and the skills that they used.
delete from agent_sessions
where session_id in (select value from json_each(:keys));

-- name: loose_entries
-- Forget entries that belong to no session.
delete from agent_traces
where rowid in (select value from json_each(:keys))
and session_id is null;

-- name: loose_model_calls
-- Forget model calls that belong to no session.
delete from model_calls
where rowid in (select value from json_each(:keys))
and session_id is null;

-- name: loose_tool_calls
-- Forget tool calls that belong to no session.
delete from tool_calls
where id in (select value from json_each(:keys))
and session_id is null;

-- name: loose_events
-- Forget events that belong to no session.
delete from events
where id in (select value from json_each(:keys))
and session_id is null;

-- name: loose_jobs
-- Forget finished jobs that belong to no session; the days in which they were counted stay.
delete from job_history
where rowid in (select value from json_each(:keys))
and session_id is null;

-- name: ties
-- Forget what ties traces of which no record is kept.
delete from trace_ties
where (tie, trace_id) in (select value ->> 0, value ->> 1 from json_each(:keys));

-- name: resources
-- Forget resources that no row used when they were found, and none that came since.
delete from resources
where id in (select value from json_each(:keys))
and id not in (select resource_id from raw_spans where id > :traces)
and id not in (select resource_id from raw_logs where id > :logs)
and id not in (select resource_id from raw_points where id > :metrics);

-- name: scopes
-- Forget scopes that no row used when they were found, and none that came since.
delete from scopes
where id in (select value from json_each(:keys))
and id not in (select scope_id from raw_spans where id > :traces)
and id not in (select scope_id from raw_logs where id > :logs)
and id not in (select scope_id from raw_points where id > :metrics);

-- name: names
-- Forget names that no span had when they were found, and none that came since; keys are pairs of kind and name.
delete from names
where (kind, name) in (select value ->> 0, value ->> 1 from json_each(:keys))
and (kind <> 'span' or name not in (select name from raw_spans where id > :traces))
and (kind <> 'service' or name not in (select service_name from resources where service_name is not null));

-- name: count_forgotten
-- Count raw rows that were forgotten.
update forgotten
set rows = rows + :rows
where name = :name;

-- name: freeze_jobs
-- Keep finished jobs as they are from now on.
update job_history
set frozen = 1
where id in (select value from json_each(:jobs))
and frozen = 0;

-- name: close_days
-- Keep the sums of the days up to the newest job that is forgotten: they can no longer be added up anew.
insert into retention_state (key, value)
select 'days_closed', max(substr(ifnull(completed_at, started_at), 1, 10))
from job_history
where session_id in (select value from json_each(:keys))
having max(ifnull(completed_at, started_at)) is not null
on conflict (key) do update
set value = max(value, excluded.value);

-- name: close_loose_days
-- The same for jobs that belong to no session.
insert into retention_state (key, value)
select 'days_closed', max(substr(ifnull(completed_at, started_at), 1, 10))
from job_history
where rowid in (select value from json_each(:keys))
having max(ifnull(completed_at, started_at)) is not null
on conflict (key) do update
set value = max(value, excluded.value);

-- name: keep_usage
-- Keep the sums of the days of model calls that go, as those of no session; what goes is taken out where it was.
insert into usage_days
select
  substr(started_at, 1, 10), '', ifnull(agent_name, ''), ifnull(provider, ''), ifnull(model, ''),
  ifnull(cost_source, ''), count(*), sum(status = 'error'), count(ifnull(input_tokens, output_tokens)),
  count(cost_nanos), ifnull(sum(input_tokens), 0), ifnull(sum(output_tokens), 0), ifnull(sum(cache_read_tokens), 0),
  ifnull(sum(cache_write_tokens), 0), ifnull(sum(reasoning_tokens), 0), ifnull(sum(cost_nanos), 0),
  ifnull(min(cost_nanos), 9223372036854775807)
from model_calls
where rowid in (
  select rowid
  from (
    select rowid
    from model_calls
    where session_id in (select value from json_each(:keys) where type = 'text')
    limit :limit
  )
  union all
  select c.rowid
  from json_each(:keys) as k
  join model_calls as c on c.rowid = k.value
  where k.type = 'integer'
  and c.session_id is null
)
and counted = 1
group by 1, 2, 3, 4, 5, 6
on conflict do update
set
  calls = calls + excluded.calls, errors = errors + excluded.errors, measured = measured + excluded.measured,
  priced = priced + excluded.priced, input_tokens = input_tokens + excluded.input_tokens,
  output_tokens = output_tokens + excluded.output_tokens,
  cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
  cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
  reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens, cost_nanos = cost_nanos + excluded.cost_nanos,
  least_nanos = min(least_nanos, excluded.least_nanos);

-- name: keep_tools
-- The same for tool calls, of which days keep no session.
insert into tool_days
select
  substr(ifnull(timestamp, created_at), 1, 10), name, ifnull(agent_name, ''),
  case when duration_ms is null then -99 else cast(floor(2 * log2(max(duration_ms, 0.001))) as integer) end,
  count(*), sum(is_error), ifnull(sum(duration_ms), 0)
from tool_calls
where id in (
  select id
  from (
    select id
    from tool_calls
    where session_id in (select value from json_each(:keys) where type = 'text')
    limit :limit
  )
  union all
  select c.id
  from json_each(:keys) as k
  join tool_calls as c on c.id = k.value
  where k.type = 'integer'
  and c.session_id is null
)
group by 1, 2, 3, 4
on conflict do update
set calls = calls + excluded.calls, failures = failures + excluded.failures, total_ms = total_ms + excluded.total_ms;
