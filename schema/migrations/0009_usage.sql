-- What pages and series add up, kept added up: triggers follow every change of the calls in the same transaction.

-- One row for what a session's counted model calls of one day have in common. `calls` of 0 do not stay.
-- What retention takes leaves its sums, as those of no session (store/retention.sql).
-- `measured` are the calls that tell tokens, `priced` those that have a cost. None of them costs less than `least_nanos`,
-- which is the largest number while none has a cost; a call that changes or goes does not raise it.
create table usage_days (
  day text not null,
  session_id text not null,
  agent_name text not null,
  provider text not null,
  model text not null,
  cost_source text not null,
  calls integer not null,
  errors integer not null,
  measured integer not null,
  priced integer not null,
  input_tokens integer not null,
  output_tokens integer not null,
  cache_read_tokens integer not null,
  cache_write_tokens integer not null,
  reasoning_tokens integer not null,
  cost_nanos integer not null,
  least_nanos integer not null,
  primary key (day, session_id, agent_name, provider, model, cost_source)
) strict, without rowid;

-- Adds a session up.
create index idx_usage_days_session on usage_days (session_id, cost_nanos, input_tokens, output_tokens, calls, measured, priced);

-- One row for the calls of a tool on one day by one agent that took about as long: `share` is the floor of twice
-- the binary logarithm of the milliseconds, so that neighbours are 41 % apart; -99 when nothing tells how long it took.
create table tool_days (
  day text not null,
  name text not null,
  agent_name text not null,
  share integer not null,
  calls integer not null,
  failures integer not null,
  total_ms real not null,
  primary key (day, name, agent_name, share)
) strict, without rowid;

insert into usage_days
select
  substr(started_at, 1, 10), ifnull(session_id, ''), ifnull(agent_name, ''), ifnull(provider, ''), ifnull(model, ''),
  ifnull(cost_source, ''), count(*), sum(status = 'error'), count(ifnull(input_tokens, output_tokens)), count(cost_nanos),
  ifnull(sum(input_tokens), 0), ifnull(sum(output_tokens), 0), ifnull(sum(cache_read_tokens), 0),
  ifnull(sum(cache_write_tokens), 0), ifnull(sum(reasoning_tokens), 0), ifnull(sum(cost_nanos), 0),
  ifnull(min(cost_nanos), 9223372036854775807)
from model_calls
where counted = 1
group by 1, 2, 3, 4, 5, 6;

insert into tool_days
select
  substr(ifnull(timestamp, created_at), 1, 10), name, ifnull(agent_name, ''),
  case when duration_ms is null then -99 else cast(floor(2 * log2(max(duration_ms, 0.001))) as integer) end,
  count(*), sum(is_error), ifnull(sum(duration_ms), 0)
from tool_calls
group by 1, 2, 3, 4;

create trigger usage_days_added after insert on model_calls when new.counted = 1
begin
  insert into usage_days
  values (
    substr(new.started_at, 1, 10), ifnull(new.session_id, ''), ifnull(new.agent_name, ''), ifnull(new.provider, ''),
    ifnull(new.model, ''), ifnull(new.cost_source, ''), 1, new.status = 'error',
    ifnull(new.input_tokens, new.output_tokens) is not null, new.cost_nanos is not null,
    ifnull(new.input_tokens, 0), ifnull(new.output_tokens, 0), ifnull(new.cache_read_tokens, 0),
    ifnull(new.cache_write_tokens, 0), ifnull(new.reasoning_tokens, 0), ifnull(new.cost_nanos, 0),
    ifnull(new.cost_nanos, 9223372036854775807)
  )
  on conflict do update
  set
    calls = calls + 1, errors = errors + excluded.errors, measured = measured + excluded.measured,
    priced = priced + excluded.priced, input_tokens = input_tokens + excluded.input_tokens,
    output_tokens = output_tokens + excluded.output_tokens,
    cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
    cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
    reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens, cost_nanos = cost_nanos + excluded.cost_nanos,
    least_nanos = min(least_nanos, excluded.least_nanos);
end;

create trigger usage_days_removed after delete on model_calls when old.counted = 1
begin
  update usage_days
  set
    calls = calls - 1, errors = errors - (old.status = 'error'),
    measured = measured - (ifnull(old.input_tokens, old.output_tokens) is not null),
    priced = priced - (old.cost_nanos is not null), input_tokens = input_tokens - ifnull(old.input_tokens, 0),
    output_tokens = output_tokens - ifnull(old.output_tokens, 0),
    cache_read_tokens = cache_read_tokens - ifnull(old.cache_read_tokens, 0),
    cache_write_tokens = cache_write_tokens - ifnull(old.cache_write_tokens, 0),
    reasoning_tokens = reasoning_tokens - ifnull(old.reasoning_tokens, 0),
    cost_nanos = cost_nanos - ifnull(old.cost_nanos, 0)
  where day = substr(old.started_at, 1, 10)
  and session_id = ifnull(old.session_id, '')
  and agent_name = ifnull(old.agent_name, '')
  and provider = ifnull(old.provider, '')
  and model = ifnull(old.model, '')
  and cost_source = ifnull(old.cost_source, '');
  delete from usage_days
  where day = substr(old.started_at, 1, 10)
  and session_id = ifnull(old.session_id, '')
  and agent_name = ifnull(old.agent_name, '')
  and provider = ifnull(old.provider, '')
  and model = ifnull(old.model, '')
  and cost_source = ifnull(old.cost_source, '')
  and calls = 0;
end;

-- A change takes away what the row was and adds what it is; most changes of a row change none of this.
create trigger usage_days_taken after update of
  started_at, session_id, agent_name, provider, model, cost_source, status, input_tokens, output_tokens,
  cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nanos, counted
on model_calls when old.counted = 1
begin
  update usage_days
  set
    calls = calls - 1, errors = errors - (old.status = 'error'),
    measured = measured - (ifnull(old.input_tokens, old.output_tokens) is not null),
    priced = priced - (old.cost_nanos is not null), input_tokens = input_tokens - ifnull(old.input_tokens, 0),
    output_tokens = output_tokens - ifnull(old.output_tokens, 0),
    cache_read_tokens = cache_read_tokens - ifnull(old.cache_read_tokens, 0),
    cache_write_tokens = cache_write_tokens - ifnull(old.cache_write_tokens, 0),
    reasoning_tokens = reasoning_tokens - ifnull(old.reasoning_tokens, 0),
    cost_nanos = cost_nanos - ifnull(old.cost_nanos, 0)
  where day = substr(old.started_at, 1, 10)
  and session_id = ifnull(old.session_id, '')
  and agent_name = ifnull(old.agent_name, '')
  and provider = ifnull(old.provider, '')
  and model = ifnull(old.model, '')
  and cost_source = ifnull(old.cost_source, '');
  delete from usage_days
  where day = substr(old.started_at, 1, 10)
  and session_id = ifnull(old.session_id, '')
  and agent_name = ifnull(old.agent_name, '')
  and provider = ifnull(old.provider, '')
  and model = ifnull(old.model, '')
  and cost_source = ifnull(old.cost_source, '')
  and calls = 0;
end;

create trigger usage_days_given after update of
  started_at, session_id, agent_name, provider, model, cost_source, status, input_tokens, output_tokens,
  cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nanos, counted
on model_calls when new.counted = 1
begin
  insert into usage_days
  values (
    substr(new.started_at, 1, 10), ifnull(new.session_id, ''), ifnull(new.agent_name, ''), ifnull(new.provider, ''),
    ifnull(new.model, ''), ifnull(new.cost_source, ''), 1, new.status = 'error',
    ifnull(new.input_tokens, new.output_tokens) is not null, new.cost_nanos is not null,
    ifnull(new.input_tokens, 0), ifnull(new.output_tokens, 0), ifnull(new.cache_read_tokens, 0),
    ifnull(new.cache_write_tokens, 0), ifnull(new.reasoning_tokens, 0), ifnull(new.cost_nanos, 0),
    ifnull(new.cost_nanos, 9223372036854775807)
  )
  on conflict do update
  set
    calls = calls + 1, errors = errors + excluded.errors, measured = measured + excluded.measured,
    priced = priced + excluded.priced, input_tokens = input_tokens + excluded.input_tokens,
    output_tokens = output_tokens + excluded.output_tokens,
    cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
    cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
    reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens, cost_nanos = cost_nanos + excluded.cost_nanos,
    least_nanos = min(least_nanos, excluded.least_nanos);
end;

create trigger tool_days_added after insert on tool_calls
begin
  insert into tool_days
  values (
    substr(ifnull(new.timestamp, new.created_at), 1, 10), new.name, ifnull(new.agent_name, ''),
    case when new.duration_ms is null then -99 else cast(floor(2 * log2(max(new.duration_ms, 0.001))) as integer) end,
    1, new.is_error, ifnull(new.duration_ms, 0)
  )
  on conflict do update
  set calls = calls + 1, failures = failures + excluded.failures, total_ms = total_ms + excluded.total_ms;
end;

create trigger tool_days_removed after delete on tool_calls
begin
  update tool_days
  set calls = calls - 1, failures = failures - old.is_error, total_ms = total_ms - ifnull(old.duration_ms, 0)
  where day = substr(ifnull(old.timestamp, old.created_at), 1, 10)
  and name = old.name
  and agent_name = ifnull(old.agent_name, '')
  and share =
    case when old.duration_ms is null then -99 else cast(floor(2 * log2(max(old.duration_ms, 0.001))) as integer) end;
  delete from tool_days
  where day = substr(ifnull(old.timestamp, old.created_at), 1, 10)
  and name = old.name
  and agent_name = ifnull(old.agent_name, '')
  and share =
    case when old.duration_ms is null then -99 else cast(floor(2 * log2(max(old.duration_ms, 0.001))) as integer) end
  and calls = 0;
end;

create trigger tool_days_changed after update of name, agent_name, is_error, timestamp, created_at, duration_ms on tool_calls
begin
  update tool_days
  set calls = calls - 1, failures = failures - old.is_error, total_ms = total_ms - ifnull(old.duration_ms, 0)
  where day = substr(ifnull(old.timestamp, old.created_at), 1, 10)
  and name = old.name
  and agent_name = ifnull(old.agent_name, '')
  and share =
    case when old.duration_ms is null then -99 else cast(floor(2 * log2(max(old.duration_ms, 0.001))) as integer) end;
  delete from tool_days
  where day = substr(ifnull(old.timestamp, old.created_at), 1, 10)
  and name = old.name
  and agent_name = ifnull(old.agent_name, '')
  and share =
    case when old.duration_ms is null then -99 else cast(floor(2 * log2(max(old.duration_ms, 0.001))) as integer) end
  and calls = 0;
  insert into tool_days
  values (
    substr(ifnull(new.timestamp, new.created_at), 1, 10), new.name, ifnull(new.agent_name, ''),
    case when new.duration_ms is null then -99 else cast(floor(2 * log2(max(new.duration_ms, 0.001))) as integer) end,
    1, new.is_error, ifnull(new.duration_ms, 0)
  )
  on conflict do update
  set calls = calls + 1, failures = failures + excluded.failures, total_ms = total_ms + excluded.total_ms;
end;
