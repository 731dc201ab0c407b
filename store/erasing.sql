-- What erasing a session takes beside what the rules of retention take: each statement takes a JSON array of keys,
-- of sessions unless it says otherwise.

-- name: newest_pin
-- Find the newest pin.
select ifnull(max(id), 0)
from pins;

-- name: erase_open_jobs
-- Forget jobs that go on.
delete from open_jobs
where session_id in (select value from json_each(:keys));

-- name: erase_jobs
-- Forget finished jobs, by their ids, which no longer count in their days.
delete from job_history
where id in (select value from json_each(:keys));

-- name: erase_links
-- Forget what work sessions were for.
delete from work_links
where session_id in (select value from json_each(:keys))
or (level = 'session' and id in (select value from json_each(:keys)));

-- name: erase_lines
-- Forget what was told of agents line by line.
delete from agent_log_entries
where session_id in (select value from json_each(:keys));

-- name: erase_notes
-- Forget notes that were written from sessions.
delete from debug_notes
where agent_session_id in (select value from json_each(:keys));

-- name: erase_summaries
-- Forget summaries that were written from sessions.
delete from summaries
where agent_session_id in (select value from json_each(:keys));

-- name: erase_work
-- Forget work sessions as their directories told.
delete from sessions
where session_id in (select value from json_each(:keys));

-- name: erase_checkpoints
-- Forget the checkpoints of work sessions.
delete from session_checkpoints
where session_id in (select value from json_each(:keys));

-- name: erase_phases
-- Forget the phases of work sessions.
delete from session_phases
where session_id in (select value from json_each(:keys));

-- name: erase_told_agents
-- Forget what the directories of work sessions said of agents.
delete from session_agents
where session_id in (select value from json_each(:keys));

-- name: unlink_plans
-- Let plans stand by themselves.
update feature_plans
set agent_session_id = null, job_id = null
where agent_session_id in (select value from json_each(:keys));

-- name: unlink_tasks
-- Let tasks stand by themselves.
update plan_tasks
set agent_session_id = null, job_id = null, trace_id = null, span_id = null
where agent_session_id in (select value from json_each(:keys));

-- name: unlink_refactors
-- Let refactors stand by themselves.
update refactors
set agent_session_id = null, job_id = null
where agent_session_id in (select value from json_each(:keys));

-- name: unlink_debug_sessions
-- Let debug sessions stand by themselves.
update debug_sessions
set agent_session_id = null, job_id = null
where agent_session_id in (select value from json_each(:keys));

-- name: unlink_experiments
-- Let experiments stand by themselves.
update experiments
set agent_session_id = null, job_id = null
where agent_session_id in (select value from json_each(:keys));

-- name: unlink_runs
-- Let runs of experiments stand by themselves.
update experiment_runs
set agent_session_id = null, job_id = null, trace_id = null, span_id = null
where agent_session_id in (select value from json_each(:keys));

-- name: unlink_artifacts
-- Let artifacts of experiments stand by themselves.
update experiment_artifacts
set agent_session_id = null, job_id = null, trace_id = null, span_id = null
where agent_session_id in (select value from json_each(:keys));

-- name: erase_rejections
-- Forget refused items, by their ids.
delete from ingest_rejections
where id in (select value from json_each(:keys));

-- name: erase_receipts
-- Say nothing more of requests than that they were answered, when what was said names one of the keys.
update ingest_requests
set message = ''
where message <> ''
and exists (select 1 from json_each(:keys) as k where instr(message, k.value));

-- name: erase_audit
-- Name what was erased by its hash in what was written down of administrators; keys are pairs of both.
update audit_log
set
  detail = (
    select replace(detail, k.value ->> 0, k.value ->> 1)
    from json_each(:keys) as k
    where instr(detail, k.value ->> 0)
  )
where exists (select 1 from json_each(:keys) as k where instr(detail, k.value ->> 0));
