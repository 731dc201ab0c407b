-- Less to write for each call, and the costs of projects without reading their sessions.

-- Finds the calls of a tool, and those that failed, in the order in which they came. How long calls took is added up by classes
-- (tool_days): in an order of all calls by duration nearly every one changed a page of its own.
drop index idx_tool_calls_name;
create index idx_tool_calls_name on tool_calls (name);
create index idx_tool_calls_name_failed on tool_calls (name) where is_error = 1;

-- What is unique by job and subagent finds the subagents of a job as well.
drop index idx_subagents_job;

-- The order of a session's entries; those of one moment are put in order when they are read.
drop index idx_traces_session;
create index idx_traces_session on agent_traces (session_id, timestamp);

-- Tells which project a session belongs to.
create index idx_agent_sessions_project on agent_sessions (session_id, project_key) where project_key is not null;

-- Most changes of a call change nothing that is added up.
drop trigger tool_days_changed;
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
