-- Tools by how long they took, without an order of all their calls by duration: nearly every call changed a page of its own there.

-- `share` is the floor of eight times the binary logarithm of the milliseconds, so that neighbours are 9 % apart (classes of an
-- exponential histogram of scale 3, in OpenTelemetry's words); -99 when nothing tells how long a call took.
-- Calls that retention took are in the middle of their old class.
drop trigger tool_days_added;
drop trigger tool_days_removed;
drop trigger tool_days_changed;
alter table tool_days rename to former_tool_days;
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

insert into tool_days
select
  substr(ifnull(timestamp, created_at), 1, 10), name, ifnull(agent_name, ''),
  case when duration_ms is null then -99 else cast(floor(8 * log2(max(duration_ms, 0.001))) as integer) end,
  count(*), sum(is_error), ifnull(sum(duration_ms), 0)
from tool_calls
group by 1, 2, 3, 4;

insert into tool_days
select
  f.day, f.name, f.agent_name, iif(f.share = -99, -99, 4 * f.share + 2), f.calls - ifnull(k.calls, 0),
  f.failures - ifnull(k.failures, 0), f.total_ms - ifnull(k.total_ms, 0)
from former_tool_days as f
left join (
  select
    day, name, agent_name, iif(share = -99, -99, cast(floor(share / 4.0) as integer)) as share, sum(calls) as calls,
    sum(failures) as failures, sum(total_ms) as total_ms
  from tool_days
  group by 1, 2, 3, 4
) as k using (day, name, agent_name, share)
where f.calls > ifnull(k.calls, 0)
on conflict do update
set calls = calls + excluded.calls, failures = failures + excluded.failures, total_ms = total_ms + excluded.total_ms;

drop table former_tool_days;

create trigger tool_days_added after insert on tool_calls
begin
  insert into tool_days
  values (
    substr(ifnull(new.timestamp, new.created_at), 1, 10), new.name, ifnull(new.agent_name, ''),
    case when new.duration_ms is null then -99 else cast(floor(8 * log2(max(new.duration_ms, 0.001))) as integer) end,
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
    case when old.duration_ms is null then -99 else cast(floor(8 * log2(max(old.duration_ms, 0.001))) as integer) end;
  delete from tool_days
  where day = substr(ifnull(old.timestamp, old.created_at), 1, 10)
  and name = old.name
  and agent_name = ifnull(old.agent_name, '')
  and share =
    case when old.duration_ms is null then -99 else cast(floor(8 * log2(max(old.duration_ms, 0.001))) as integer) end
  and calls = 0;
end;

create trigger tool_days_changed after update of name, agent_name, is_error, timestamp, created_at, duration_ms on tool_calls
when new.name is not old.name or new.agent_name is not old.agent_name or new.is_error is not old.is_error
  or new.timestamp is not old.timestamp or new.created_at is not old.created_at or new.duration_ms is not old.duration_ms
begin
  update tool_days
  set calls = calls - 1, failures = failures - old.is_error, total_ms = total_ms - ifnull(old.duration_ms, 0)
  where day = substr(ifnull(old.timestamp, old.created_at), 1, 10)
  and name = old.name
  and agent_name = ifnull(old.agent_name, '')
  and share =
    case when old.duration_ms is null then -99 else cast(floor(8 * log2(max(old.duration_ms, 0.001))) as integer) end;
  delete from tool_days
  where day = substr(ifnull(old.timestamp, old.created_at), 1, 10)
  and name = old.name
  and agent_name = ifnull(old.agent_name, '')
  and share =
    case when old.duration_ms is null then -99 else cast(floor(8 * log2(max(old.duration_ms, 0.001))) as integer) end
  and calls = 0;
  insert into tool_days
  values (
    substr(ifnull(new.timestamp, new.created_at), 1, 10), new.name, ifnull(new.agent_name, ''),
    case when new.duration_ms is null then -99 else cast(floor(8 * log2(max(new.duration_ms, 0.001))) as integer) end,
    1, new.is_error, ifnull(new.duration_ms, 0)
  )
  on conflict do update
  set calls = calls + 1, failures = failures + excluded.failures, total_ms = total_ms + excluded.total_ms;
end;

-- Finds the calls of a tool, and those that failed, in the order in which they came.
drop index idx_tool_calls_name;
create index idx_tool_calls_name on tool_calls (name);
create index idx_tool_calls_name_failed on tool_calls (name) where is_error = 1;

-- What is unique by job and subagent finds the subagents of a job as well.
drop index idx_subagents_job;
