-- What programs change themselves, beside what is derived. Values are bound by name.

-- name: open_session
-- Begin a session; one that was known by its entries alone gets its name, any other stays as it is.
insert into agent_sessions (
  session_id, agent_name, workspace_path, started_at, model_tier, parent_session_id, project_key, user_id, emitter, source
)
values (
  :session_id, :agent_name, :workspace_path, :started_at, :model_tier, :parent_session_id, :project_key, :user_id,
  'api', 'api'
)
on conflict (session_id) do update
set
  agent_name = excluded.agent_name,
  workspace_path = excluded.workspace_path,
  started_at = min(started_at, excluded.started_at),
  model_tier = excluded.model_tier,
  parent_session_id = excluded.parent_session_id,
  project_key = excluded.project_key,
  user_id = excluded.user_id
where agent_name = 'unknown'
and emitter = 'api';

-- name: see_session
-- Know a session by what is told of it.
insert into agent_sessions (session_id, agent_name, started_at, emitter, source)
values (:session_id, 'unknown', :started_at, 'api', 'api')
on conflict (session_id) do update
set started_at = excluded.started_at
where emitter = 'api'
and excluded.started_at < started_at;

-- name: end_session
-- End a session; from then on nothing that is derived changes it.
update agent_sessions
set ended_at = :ended_at, exit_reason = :exit_reason, closed_by = 'api', emitter = 'api'
where session_id = :session_id;

-- name: change_session
-- Set what a session claimed, used and holds; what is null stays.
update agent_sessions
set
  issues_claimed = ifnull(:issues_claimed, issues_claimed),
  skills_used = ifnull(:skills_used, skills_used),
  context_tokens = ifnull(:context_tokens, context_tokens)
where session_id = :session_id;

-- name: add_data
-- Keep what an event said beside its entry.
update agent_traces
set data = :data
where trace_id = :trace_id;

-- name: forget_price
-- Forget a price that a user set.
delete from model_prices
where provider = :provider
and model = :model
and valid_from = :valid_from
and source = :source;

-- name: forget_imports
-- Forget what was imported before.
delete from model_prices
where source like 'litellm %'
and source <> :kept;

-- name: add_reuse
-- Keep what only a program can tell of a job.
update job_history
set reuse_count = :reuse_count, original_prompt = :original_prompt, source = 'api'
where id = :job_id;

-- name: forget_tool_calls
-- Forget the tool calls of a job that are not among those told last.
delete from tool_calls
where job_id = :job_id
and key not in (select value from json_each(:keys));

-- name: forget_subagents
-- Forget the subagents of a job that are not among those told last.
delete from job_subagents
where job_id = :job_id
and subagent_id not in (select value from json_each(:ids));

-- name: forget_running
-- Forget that a job is running.
delete from open_jobs
where id = :job_id;

-- name: forget_sum
-- Forget the model call that stood for all of a job.
delete from model_calls
where call_id = :key
and usage_role = 'job';

-- name: add_sum
-- Let one model call stand for all of a job, if none is known of those that it is the sum of.
insert into model_calls (
  call_id, session_id, job_id, provider, model, started_at, duration_ms, input_tokens, output_tokens, cost_nanos,
  cost_source, status, usage_role, counted, emitter, sources
)
select
  :key, j.session_id, j.id, null, j.model, ifnull(j.started_at, ifnull(j.completed_at, j.created_at)), j.elapsed_ms,
  j.input_tokens, j.output_tokens, j.cost_nanos, j.cost_source,
  case j.status when 'failed' then 'error' else 'ok' end, 'job', 1, 'api', json_array(:key)
from job_history as j
where j.id = :job_id
and coalesce(j.input_tokens, j.output_tokens, j.cost_nanos) is not null
and not exists (select 1 from model_calls as m where m.job_id = j.id and m.counted = 1)
and not exists (
  select 1
  from model_calls as m
  where m.session_id = j.session_id
  and m.job_id is null
  and m.counted = 1
  and m.started_at between ifnull(j.started_at, '') and ifnull(j.completed_at, ':')
);

-- name: forget_sum_entry
-- Forget the entry that told of a job as a whole.
delete from agent_traces
where trace_id = :key
and emitter = 'api';

-- name: add_sum_entry
-- Tell of a job as a whole among its session's entries, with the same sums as its model call.
insert into agent_traces (
  trace_id, session_id, job_id, type, kind, name, timestamp, duration_ms, input_tokens, output_tokens, model_used,
  estimated_cost_usd, cost_nanos, cost_source, status, error_type, error_message, usage_role, counted, emitter
)
select
  m.call_id, m.session_id, m.job_id, 'job_completed', 'job', j.status, m.started_at, m.duration_ms, m.input_tokens,
  m.output_tokens, m.model, m.cost_usd, m.cost_nanos, m.cost_source, m.status, j.error_type, j.error_message, 'job', 1,
  'api'
from model_calls as m
join job_history as j on j.id = m.job_id
where m.call_id = :key
and m.session_id is not null;

-- name: forget_entry_calls
-- Forget the model calls of the oldest entries that programs wrote before a time.
delete from model_calls
where call_id in (
  select trace_id
  from agent_traces
  where emitter = 'api'
  and timestamp < :before
  and usage_role is not 'job'
  order by timestamp
  limit :limit
);

-- name: forget_entries
-- Forget the oldest entries that programs wrote before a time.
delete from agent_traces
where rowid in (
  select rowid
  from agent_traces
  where emitter = 'api'
  and timestamp < :before
  and usage_role is not 'job'
  order by timestamp
  limit :limit
);

-- name: forget_series
-- Forget what metric points came to, so that it is made anew of those that are kept.
delete from usage_series;

-- name: go_on_with_session
-- Let a session go on of whose records the first are gone.
update agent_sessions
set
  ended_at = :ended_at,
  exit_reason = :exit_reason,
  closed_by = :closed_by,
  last_seen_at = :last_seen_at
where session_id = :session_id
and emitter is not 'api'
and :last_seen_at > ifnull(last_seen_at, '');

-- name: add_up_agent
-- Add up the calls of a run of an agent of whose records the first are gone.
update agents
set
  status = :status,
  ended_at = :ended_at,
  (input_tokens, output_tokens, cost_nanos) = (
    select sum(c.input_tokens), sum(c.output_tokens), sum(c.cost_nanos)
    from model_calls as c
    where c.session_id = agents.session_id
    and c.agent_id = agents.agent_id
    and c.counted = 1
  ),
  tool_call_count = (
    select count(*)
    from tool_calls as t
    where t.session_id = agents.session_id
    and t.agent_id = agents.agent_id
    and t.status is not 'refused'
  )
where agent_id = :agent_id
and emitter is not 'api';

-- name: add_sweep
-- Write down what a rule took.
insert into sweeps (started_at, rule, what, rows, bytes_freed, oldest_left, left_behind, duration_ms, trouble)
values (:started_at, :rule, :what, :rows, :bytes_freed, :oldest_left, :left_behind, :duration_ms, :trouble);

-- name: forget_sweeps
-- Forget the oldest of too many lines about sweeps.
delete from sweeps
where id <= (select max(id) from sweeps) - :kept;

-- name: set_retention
-- Keep something about retention itself.
insert into retention_state (key, value)
values (:key, :value)
on conflict (key) do update
set value = excluded.value;

-- name: set_retention_days
-- Tell the readers of seed 002's settings how long raw records are kept.
insert into trace_settings (key, value)
values ('retention_days', :days)
on conflict (key) do update
set value = excluded.value;

-- name: add_archive
-- Write down which file holds what is about to be deleted.
insert into archives (file, signal, day, rows, bytes, sha256, created_at)
values (:file, :signal, :day, :rows, :bytes, :digest, :created_at)
on conflict (file) do update
set rows = excluded.rows, bytes = excluded.bytes, sha256 = excluded.sha256, created_at = excluded.created_at;

-- name: add_erased
-- Remember what is being erased: a JSON array of hashes, each with kind and name or two nulls.
-- What was erased before is erased anew.
insert into erased (hash, begun_at, kind, name)
select value ->> 0, :now, value ->> 1, value ->> 2
from json_each(:erased)
where true
on conflict (hash) do update
set
  begun_at = excluded.begun_at, done_at = null, kind = ifnull(excluded.kind, kind), name = ifnull(excluded.name, name);

-- name: forget_erased_names
-- Forget what is called like what is erased, by the hashes in a JSON array: nothing is left to look for by name.
update erased
set name = null
where hash in (select value from json_each(:hashes));

-- name: finish_erased
-- Write down that something is erased as a whole.
update erased
set done_at = :now, kind = null, name = null
where hash in (select value from json_each(:hashes));

-- name: forget_erased
-- Forget what was erased long ago.
delete from erased
where begun_at < :before
and done_at is not null;

-- name: forget_many_erased
-- Forget the oldest of very many that were erased.
delete from erased
where id <= (select max(id) from erased) - :kept
and done_at is not null;

-- name: remove_archive
-- Write down that a file is gone.
delete from archives
where file = :file;

-- name: add_pin
-- Keep something for ever.
insert into pins (kind, name, note, created_at)
values (:kind, :name, :note, :created_at)
on conflict (kind, name) do update
set note = ifnull(excluded.note, note);

-- name: remove_pin
-- Let something go like everything else.
delete from pins
where kind = :kind
and name = :name;

-- name: resolve_rejection
-- Say that a refused item was sent again and is kept; what was sent stays, so that it can be read.
update ingest_rejections
set state = 'resolved'
where id = :id;

-- name: count_name
-- Count spans of a name that began in one hour.
insert into names (kind, name, hour, records, longest)
values (:kind, :name, :hour, :records, :longest)
on conflict do update
set records = records + excluded.records, longest = max(longest, excluded.longest);

-- name: forget_names
-- Forget the names of hours of which no span is left; spans without a time are of the first hour that there is.
delete from names
where hour < (select ifnull(min(start_time_unix_nano), 0) / 3600000000000 from raw_spans)
and (hour > 0 or not exists (select 1 from raw_spans where start_time_unix_nano is null));

-- name: forget_entry_hours
-- Forget the hours before the first entry that is there.
delete from entry_hours
where hour < (select substr(ifnull(min(timestamp), '~'), 1, 13) from agent_traces);

-- name: shorten_search_feed
-- Forget changes that the index of texts has followed durably.
delete from search_feed
where id <= :until;

-- name: add_token
-- Let a token in; only its hash is kept.
insert into access_tokens (id, name, scopes, hash, created_at, expires_at)
values (:id, :name, :scopes, unhex(:hash), :created_at, :expires_at);

-- name: revoke_token
-- Let a token in no more.
update access_tokens
set revoked_at = :at
where id = :id
and revoked_at is null;

-- name: use_token
-- Note when a token was last shown.
update access_tokens
set last_used_at = :at
where id = :id;

-- name: audit
-- Write down who changed what; the oldest of very many go.
insert into audit_log (at, who, address, action, detail)
values (:at, :who, :address, :action, :detail);

-- name: forget_audit
-- Keep the newest entries of who changed what.
delete from audit_log
where id <= (select max(id) from audit_log) - :kept;

-- name: see_project
-- Know a project by a session in it; what was told of it stays.
insert into projects (key, name, path, created_at)
values (:key, :name, :path, :now)
on conflict (key) do update
set path = excluded.path
where path is null;

-- name: miss_session
-- Know since when a session's directory is gone.
update sessions
set missing_since = :now
where path = :path
and missing_since is null;

-- name: miss_others
-- Know since when a session has given its directory to another.
update sessions
set missing_since = :now
where path = :path
and session_id <> :session_id
and missing_since is null;

-- name: forget_checkpoints
-- Forget the checkpoints that a session no longer has.
delete from session_checkpoints
where session_id = :session_id
and ordinal >= :count;

-- name: forget_phases
-- Forget the phases that a session no longer has.
delete from session_phases
where session_id = :session_id
and ordinal >= :count;

-- name: forget_session_agents
-- Forget the agents that a session no longer tells of.
delete from session_agents
where session_id = :session_id
and ordinal >= :count;

-- name: forget_mirrored_agents
-- Forget the same among all agents, as long as nothing else tells of them.
delete from agents
where session_id = :session_id
and emitter = 'mirror'
and agent_id not in (select value from json_each(:kept));

-- name: link_session
-- Know that a session of telemetry belongs to a work session, by the word of the latter.
insert into work_links (kind, key, level, id)
values ('session', :session_id, 'session', :agent_session_id)
on conflict (kind, key, level, id) do nothing;

-- name: forget_links
-- Forget the sessions of telemetry that a work session no longer names; what telemetry tells itself stays.
delete from work_links
where kind = 'session'
and key = :session_id
and level = 'session'
and session_id is null
and id not in (select value from json_each(:kept));

-- name: forget_lines
-- Forget the lines of a session's history from one on.
delete from agent_log_entries
where key >= :key
and key < :until;

-- name: move_cursor
-- Note how far an exporter has come, and what became of the items up to there.
insert into export_cursors (exporter, signal, after_id, sent, refused, expired, passed, moved_at)
values (
  :exporter, :signal, :after_id, :sent, :refused, :expired, :passed, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
)
on conflict do update
set
  after_id = excluded.after_id,
  sent = excluded.sent,
  refused = excluded.refused,
  expired = excluded.expired,
  passed = excluded.passed,
  moved_at = excluded.moved_at,
  retired_at = null;

-- name: retire_cursors
-- Wait no longer for exporters that are not among the names in a JSON array.
update export_cursors
set retired_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
where retired_at is null
and exporter not in (select value from json_each(:names));
