-- In which hours there can be entries of a kind, of a status, or as short or long as is wanted: what lists of seldom
-- entries are found by. Kinds that programs write may be any text: these count as ''. Nothing is taken back when an entry
-- changes or goes, but hours before the first entry are forgotten.
create table entry_hours (
  kind text not null,
  status text not null,
  hour text not null,
  shortest real,
  longest real,
  primary key (kind, status, hour)
) strict, without rowid;

insert into entry_hours
select
  iif(emitter is 'api', '', ifnull(kind, '')), ifnull(status, ''), substr(timestamp, 1, 13), min(duration_ms),
  max(duration_ms)
from agent_traces
group by 1, 2, 3;

create trigger entry_hours_added after insert on agent_traces
when not exists (
  select 1
  from entry_hours
  where kind = iif(new.emitter is 'api', '', ifnull(new.kind, ''))
  and status = ifnull(new.status, '')
  and hour = substr(new.timestamp, 1, 13)
  and (new.duration_ms is null or (shortest <= new.duration_ms and longest >= new.duration_ms))
)
begin
  insert into entry_hours
  values (
    iif(new.emitter is 'api', '', ifnull(new.kind, '')), ifnull(new.status, ''), substr(new.timestamp, 1, 13),
    new.duration_ms, new.duration_ms
  )
  on conflict do update
  set
    shortest = min(ifnull(shortest, excluded.shortest), ifnull(excluded.shortest, shortest)),
    longest = max(ifnull(longest, excluded.longest), ifnull(excluded.longest, longest));
end;

create trigger entry_hours_changed after update of kind, status, timestamp, duration_ms, emitter on agent_traces
when not exists (
  select 1
  from entry_hours
  where kind = iif(new.emitter is 'api', '', ifnull(new.kind, ''))
  and status = ifnull(new.status, '')
  and hour = substr(new.timestamp, 1, 13)
  and (new.duration_ms is null or (shortest <= new.duration_ms and longest >= new.duration_ms))
)
begin
  insert into entry_hours
  values (
    iif(new.emitter is 'api', '', ifnull(new.kind, '')), ifnull(new.status, ''), substr(new.timestamp, 1, 13),
    new.duration_ms, new.duration_ms
  )
  on conflict do update
  set
    shortest = min(ifnull(shortest, excluded.shortest), ifnull(excluded.shortest, shortest)),
    longest = max(ifnull(longest, excluded.longest), ifnull(excluded.longest, longest));
end;

-- Counts what failed in a session.
create index idx_traces_failed on agent_traces (session_id) where status = 'error';
create index idx_tool_calls_session_failed on tool_calls (session_id) where is_error = 1;
