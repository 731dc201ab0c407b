-- What changed in texts that are searched: the index, a file of its own, follows this list and then has it shortened.
-- Triggers write it, so that whoever changes or deletes a row, the index hears of it in the same transaction.

create table search_feed (
  id integer primary key autoincrement,
  source text not null,
  key text not null
) strict;

create trigger agent_traces_search_added after insert on agent_traces
begin
  insert into search_feed (source, key) values ('entry', new.trace_id);
end;

create trigger agent_traces_search_changed after update on agent_traces
when new.session_id is not old.session_id or new.job_id is not old.job_id or new.kind is not old.kind
  or new.status is not old.status or new.name is not old.name or new.timestamp is not old.timestamp
  or new.error_type is not old.error_type or new.error_message is not old.error_message
  or new.raw_input is not old.raw_input or new.raw_output is not old.raw_output or new.data is not old.data
begin
  insert into search_feed (source, key) values ('entry', new.trace_id);
end;

create trigger agent_traces_search_removed after delete on agent_traces
begin
  insert into search_feed (source, key) values ('entry', old.trace_id);
end;

create trigger tool_calls_search_changed after update on tool_calls
when new.name is not old.name or new.agent_name is not old.agent_name
begin
  insert into search_feed (source, key) values ('entry', new.key);
end;

-- Calls that programs told with a job have no entries; the others are found by theirs.
create trigger tool_calls_search_told after insert on tool_calls
when new.emitter is 'api'
begin
  insert into search_feed (source, key) values ('call', new.key);
end;

create trigger tool_calls_search_told_again after update on tool_calls
when new.emitter is 'api'
begin
  insert into search_feed (source, key) values ('call', new.key);
end;

create trigger tool_calls_search_removed after delete on tool_calls
when old.emitter is 'api'
begin
  insert into search_feed (source, key) values ('call', old.key);
end;

create trigger agent_sessions_search_changed after update on agent_sessions
when new.agent_name is not old.agent_name or new.project_key is not old.project_key
begin
  insert into search_feed (source, key) values ('entries', new.session_id);
end;

create trigger job_history_search_added after insert on job_history
begin
  insert into search_feed (source, key) values ('job', new.id);
end;

create trigger job_history_search_changed after update on job_history
when new.session_id is not old.session_id or new.agent_name is not old.agent_name or new.status is not old.status
  or new.prompt is not old.prompt or new.original_prompt is not old.original_prompt or new.summary is not old.summary
  or new.error_type is not old.error_type or new.error_message is not old.error_message
  or new.started_at is not old.started_at
begin
  insert into search_feed (source, key) values ('job', new.id);
end;

create trigger job_history_search_removed after delete on job_history
begin
  insert into search_feed (source, key) values ('job', old.id);
end;

create trigger feature_plans_search_added after insert on feature_plans
begin
  insert into search_feed (source, key) values ('plan', new.id);
end;

create trigger feature_plans_search_changed after update on feature_plans
begin
  insert into search_feed (source, key) values ('plan', new.id);
end;

create trigger feature_plans_search_removed after delete on feature_plans
begin
  insert into search_feed (source, key) values ('plan', old.id);
end;

create trigger plan_tasks_search_added after insert on plan_tasks
begin
  insert into search_feed (source, key) values ('task', new.id);
end;

create trigger plan_tasks_search_changed after update on plan_tasks
begin
  insert into search_feed (source, key) values ('task', new.id);
end;

create trigger plan_tasks_search_removed after delete on plan_tasks
begin
  insert into search_feed (source, key) values ('task', old.id);
end;

create trigger refactors_search_added after insert on refactors
begin
  insert into search_feed (source, key) values ('refactor', new.id);
end;

create trigger refactors_search_changed after update on refactors
begin
  insert into search_feed (source, key) values ('refactor', new.id);
end;

create trigger refactors_search_removed after delete on refactors
begin
  insert into search_feed (source, key) values ('refactor', old.id);
end;

create trigger debug_sessions_search_added after insert on debug_sessions
begin
  insert into search_feed (source, key) values ('debug', new.id);
end;

create trigger debug_sessions_search_changed after update on debug_sessions
begin
  insert into search_feed (source, key) values ('debug', new.id);
end;

create trigger debug_sessions_search_removed after delete on debug_sessions
begin
  insert into search_feed (source, key) values ('debug', old.id);
end;

create trigger debug_notes_search_added after insert on debug_notes
begin
  insert into search_feed (source, key) values ('note', new.id);
end;

create trigger debug_notes_search_changed after update on debug_notes
begin
  insert into search_feed (source, key) values ('note', new.id);
end;

create trigger debug_notes_search_removed after delete on debug_notes
begin
  insert into search_feed (source, key) values ('note', old.id);
end;

create trigger experiments_search_added after insert on experiments
begin
  insert into search_feed (source, key) values ('experiment', new.id);
end;

create trigger experiments_search_changed after update on experiments
begin
  insert into search_feed (source, key) values ('experiment', new.id);
end;

create trigger experiments_search_removed after delete on experiments
begin
  insert into search_feed (source, key) values ('experiment', old.id);
end;

create trigger experiment_runs_search_added after insert on experiment_runs
begin
  insert into search_feed (source, key) values ('run', new.id);
end;

create trigger experiment_runs_search_changed after update on experiment_runs
begin
  insert into search_feed (source, key) values ('run', new.id);
end;

create trigger experiment_runs_search_removed after delete on experiment_runs
begin
  insert into search_feed (source, key) values ('run', old.id);
end;

create trigger experiment_artifacts_search_added after insert on experiment_artifacts
begin
  insert into search_feed (source, key) values ('artifact', new.id);
end;

create trigger experiment_artifacts_search_changed after update on experiment_artifacts
begin
  insert into search_feed (source, key) values ('artifact', new.id);
end;

create trigger experiment_artifacts_search_removed after delete on experiment_artifacts
begin
  insert into search_feed (source, key) values ('artifact', old.id);
end;

create trigger summaries_search_added after insert on summaries
begin
  insert into search_feed (source, key) values ('summary', new.id);
end;

create trigger summaries_search_changed after update on summaries
begin
  insert into search_feed (source, key) values ('summary', new.id);
end;

create trigger summaries_search_removed after delete on summaries
begin
  insert into search_feed (source, key) values ('summary', old.id);
end;

create trigger agent_issue_work_search_added after insert on agent_issue_work
begin
  insert into search_feed (source, key) values ('issue', new.work_id);
end;

create trigger agent_issue_work_search_changed after update on agent_issue_work
begin
  insert into search_feed (source, key) values ('issue', new.work_id);
end;

create trigger agent_issue_work_search_removed after delete on agent_issue_work
begin
  insert into search_feed (source, key) values ('issue', old.work_id);
end;

create trigger sessions_search_added after insert on sessions
begin
  insert into search_feed (source, key) values ('work', new.session_id);
end;

create trigger sessions_search_changed after update on sessions
begin
  insert into search_feed (source, key) values ('work', new.session_id);
end;

create trigger sessions_search_removed after delete on sessions
begin
  insert into search_feed (source, key) values ('work', old.session_id);
end;

create trigger agent_log_entries_search_added after insert on agent_log_entries
begin
  insert into search_feed (source, key) values ('log', new.key);
end;

create trigger agent_log_entries_search_changed after update on agent_log_entries
begin
  insert into search_feed (source, key) values ('log', new.key);
end;

create trigger agent_log_entries_search_removed after delete on agent_log_entries
begin
  insert into search_feed (source, key) values ('log', old.key);
end;
