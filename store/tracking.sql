-- Every statement that writes the book of work. Values are bound by name: the fields of a command, where it comes from,
-- and its time as `at` (whole seconds), `at_micros` and `at_ns`. `has_…` says that a field was told, if only to be emptied.

-- name: find_receipt
-- Find which row a command was about that was done before.
select row_id
from tracking_receipts
where event_id = :event_id
and event_name = :event;

-- name: add_receipt
-- Remember that a command was done.
insert into tracking_receipts (event_id, event_name, row_id)
values (:event_id, :event, :row_id);

-- name: forget_receipts
-- Forget receipts that are older than senders send again: with each new one two of the oldest, so they never pile up.
delete from tracking_receipts
where (event_id, event_name) in (
  select event_id, event_name
  from tracking_receipts
  where applied_at < strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-30 days')
  order by applied_at
  limit 2
);

-- name: add_event
-- Keep what was said: what a raw record tells, deriving writes as well.
insert into events (
  key, timestamp, job_id, event_type, tool_name, file_path, data_json, session_id, trace_id, span_id, emitter
)
values (
  :record, :at_micros, :event_job, :event, null, null, :data, :agent_session_id, :trace_id, :span_id, :emitter
)
on conflict (key) do nothing;

-- name: see_project
-- Know a project by something that names it.
insert into projects (key, name, created_at)
values (:project_key, :project_name, :at_micros)
on conflict (key) do nothing;

-- name: find_project
-- Find a project.
select id, described_ns
from projects
where key = :key;

-- name: add_project
-- Make a project.
insert into projects (key, name, path, repo_url, created_at, updated_at, described_ns)
values (:key, ifnull(:name, :project_name), :path, :repo_url, :at_micros, :at_micros, :at_ns);

-- name: describe_project
-- Change what is told of a project.
update projects
set
  name = ifnull(:name, name),
  path = iif(:has_path, :path, path),
  repo_url = iif(:has_repo_url, :repo_url, repo_url),
  updated_at = max(ifnull(updated_at, ''), :at_micros),
  described_ns = :at_ns
where id = :id;

-- name: find_plan
-- Find a plan.
select id, described_ns, status_ns
from feature_plans
where key = :key;

-- name: add_plan
-- Make a plan.
insert into feature_plans (
  key, title, owner, status, created_at, updated_at, described_ns, project_key, agent_session_id, job_id
)
values (:key, :title, :owner, 'pending', :at, :at, :at_ns, :project_key, :agent_session_id, :job_id);

-- name: describe_plan
-- Change what a plan is about.
update feature_plans
set
  title = :title,
  owner = iif(:has_owner, :owner, owner),
  updated_at = max(ifnull(updated_at, ''), :at),
  described_ns = :at_ns,
  project_key = ifnull(:project_key, project_key)
where id = :id;

-- name: set_plan_status
-- Set the status of a plan.
update feature_plans
set
  status = :status,
  started_at = iif(:status = 'in_progress', ifnull(started_at, :at), started_at),
  updated_at = max(ifnull(updated_at, ''), :at),
  status_ns = :at_ns
where id = :id;

-- name: find_refactor
-- Find a refactor.
select id, described_ns, status_ns
from refactors
where key = :key;

-- name: add_refactor
-- Make a refactor.
insert into refactors (
  key, title, notes, status, created_at, updated_at, described_ns, project_key, agent_session_id, job_id
)
values (:key, :title, :notes, 'pending', :at, :at, :at_ns, :project_key, :agent_session_id, :job_id);

-- name: describe_refactor
-- Change what a refactor is about.
update refactors
set
  title = :title,
  notes = iif(:has_notes, :notes, notes),
  updated_at = max(ifnull(updated_at, ''), :at),
  described_ns = :at_ns,
  project_key = ifnull(:project_key, project_key)
where id = :id;

-- name: set_refactor_status
-- Set the status of a refactor.
update refactors
set
  status = :status,
  started_at = iif(:status = 'in_progress', ifnull(started_at, :at), started_at),
  updated_at = max(ifnull(updated_at, ''), :at),
  status_ns = :at_ns
where id = :id;

-- name: find_experiment
-- Find an experiment.
select id, described_ns, status_ns
from experiments
where key = :key;

-- name: add_experiment
-- Make an experiment.
insert into experiments (
  key, title, objective, owner, status, created_at, updated_at, described_ns, project_key, agent_session_id, job_id
)
values (
  :key, :title, ifnull(:objective, ''), :owner, 'in_progress', :at, :at, :at_ns, :project_key, :agent_session_id,
  :job_id
);

-- name: describe_experiment
-- Change what an experiment is about.
update experiments
set
  title = :title,
  objective = iif(:has_objective, ifnull(:objective, ''), objective),
  owner = iif(:has_owner, :owner, owner),
  updated_at = max(ifnull(updated_at, ''), :at),
  described_ns = :at_ns,
  project_key = ifnull(:project_key, project_key)
where id = :id;

-- name: set_experiment_status
-- Set the status of an experiment.
update experiments
set
  status = :status,
  updated_at = max(ifnull(updated_at, ''), :at),
  status_ns = :at_ns
where id = :id;

-- name: find_debug
-- Find a debug session.
select id, status_ns
from debug_sessions
where key = :key;

-- name: add_debug
-- Make a debug session.
insert into debug_sessions (key, title, hypothesis, scope, status, started_at, project_key, agent_session_id, job_id)
values (
  :key, :title, ifnull(:hypothesis, ''), ifnull(:scope, ''), 'in_progress', :at, :project_key, :agent_session_id,
  :job_id
);

-- name: set_debug_status
-- Set the status of a debug session.
update debug_sessions
set
  status = :status,
  updated_at = max(ifnull(updated_at, ''), :at),
  status_ns = :at_ns
where id = :id;

-- name: find_task
-- Find a task.
select id, status_ns, notes_ns
from plan_tasks
where id = :id;

-- name: find_task_by_key
-- Find a plan's task by the agent's own name of it.
select id, status_ns, notes_ns
from plan_tasks
where plan_id = :plan_id
and client_key = :task_key;

-- name: find_tasks_by_title
-- Find a plan's tasks by their title.
select id, status_ns, notes_ns
from plan_tasks
where plan_id = :plan_id
and title = :title
order by id
limit 100;

-- name: add_task
-- Add a task to a plan.
insert into plan_tasks (
  plan_id, title, status, notes, created_at, client_key, event_id, agent_session_id, job_id, trace_id, span_id
)
values (
  :plan_id, :title, 'pending', :notes, :at, :task_key, :event_id, :agent_session_id, :job_id, :trace_id, :span_id
);

-- name: set_task_status
-- Set the status of a task.
update plan_tasks
set status = :status, updated_at = max(ifnull(updated_at, ''), :at), status_ns = :at_ns
where id = :id;

-- name: set_task_notes
-- Set the notes on a task.
update plan_tasks
set notes = :notes, updated_at = max(ifnull(updated_at, ''), :at), notes_ns = :at_ns
where id = :id;

-- name: add_note
-- Add a note to a debug session.
insert into debug_notes (session_id, note, created_at, event_id, agent_session_id, job_id, trace_id, span_id)
values (:debug_id, :note, :at, :event_id, :agent_session_id, :job_id, :trace_id, :span_id);

-- name: find_run
-- Find a run of an experiment.
select id, told_ns
from experiment_runs
where experiment_id = :experiment_id
and run_no = :run_no;

-- name: put_run
-- Add a run to an experiment, or replace what it says: its id and its artifacts stay.
insert into experiment_runs (
  experiment_id, run_no, params_json, metrics_json, outcome, created_at, told_ns, agent_session_id, job_id, trace_id,
  span_id
)
values (
  :experiment_id, :run_no, :params, :metrics, :outcome, :at, :at_ns, :agent_session_id, :job_id, :trace_id, :span_id
)
on conflict (experiment_id, run_no) do update
set
  params_json = excluded.params_json,
  metrics_json = excluded.metrics_json,
  outcome = excluded.outcome,
  updated_at = excluded.created_at,
  told_ns = excluded.told_ns,
  agent_session_id = ifnull(excluded.agent_session_id, agent_session_id),
  job_id = ifnull(excluded.job_id, job_id),
  trace_id = ifnull(excluded.trace_id, trace_id),
  span_id = ifnull(excluded.span_id, span_id);

-- name: add_artifact
-- Link an artifact to an experiment, or to one of its runs.
insert into experiment_artifacts (
  experiment_id, run_id, type, path, created_at, event_id, agent_session_id, job_id, trace_id, span_id
)
values (
  :experiment_id, :run_id, :type, :path, :at, :event_id, :agent_session_id, :job_id, :trace_id, :span_id
);

-- name: add_summary
-- Save a summary.
insert into summaries (
  entity_type, entity_id, style, text, created_at, event_id, agent_session_id, job_id, trace_id, span_id
)
values (
  :entity_type, :entity_id, :style, :text, :at, :event_id, :agent_session_id, :job_id, :trace_id, :span_id
);

-- name: find_session
-- Find an agent's session.
select agent_name, issues_claimed, skills_used
from agent_sessions
where session_id = :session;

-- name: see_session
-- Know a session by something that is told of it.
insert into agent_sessions (session_id, agent_name, started_at, last_seen_at, project_key, emitter, source)
values (:session, ifnull(:agent_name, 'unknown'), :at_micros, :at_micros, :project_key, :emitter, :emitter);

-- name: set_session_lists
-- Set what a session claimed and used.
update agent_sessions
set issues_claimed = :issues_claimed, skills_used = :skills_used
where session_id = :session;

-- name: change_session
-- Set what a session holds, what is null stays.
update agent_sessions
set
  context_tokens = ifnull(:context_tokens, context_tokens),
  model_tier = ifnull(:model_tier, model_tier),
  phase = ifnull(:phase, phase)
where session_id = :session;

-- name: end_session_by_hand
-- End a session that a program started.
update agent_sessions
set ended_at = :at_micros, exit_reason = ifnull(:exit_reason, 'completed'), closed_by = 'event'
where session_id = :session
and emitter = 'api';

-- name: find_work
-- Find work on an issue.
select work_id, ended_ns, status_changes
from agent_issue_work
where work_id = :work_id;

-- name: find_open_work
-- Find the open work on an issue, newest first.
select work_id, ended_ns, status_changes
from agent_issue_work
where issue_id = :issue_id
and ended_at is null
order by started_at desc, work_id
limit 2;

-- name: find_session_work
-- Find a session's newest open work on an issue.
select work_id, ended_ns, status_changes
from agent_issue_work
where session_id = :session
and issue_id = :issue_id
and ended_at is null
order by started_at desc, work_id
limit 1;

-- name: find_worked_issues
-- Find the issues that a session works on.
select distinct issue_id
from agent_issue_work
where session_id = :session
and ended_at is null
limit 2;

-- name: add_work
-- Begin work on an issue.
insert into agent_issue_work (
  work_id, issue_id, session_id, agent_name, started_at, decision_rationale, event_id, project_key, job_id, trace_id,
  span_id
)
values (
  :work, :issue_id, :session, :worker, :at_micros, :rationale, :event_id, :project_key, :job_id, :trace_id, :span_id
);

-- name: set_work_changes
-- Set the list of status changes.
update agent_issue_work
set status_changes = :changes
where work_id = :id;

-- name: end_work
-- End work on an issue.
update agent_issue_work
set ended_at = :at_micros, ended_ns = :at_ns, completed = :done, work_notes = iif(:has_notes, :notes, work_notes)
where work_id = :id;

-- name: add_skill
-- Note that a session loaded a skill.
insert into agent_skill_usage (
  usage_id, session_id, skill_name, loaded_at, used_for_issue_id, context_added, event_id, job_id, trace_id, span_id,
  emitter
)
values (
  :event_id, :session, :skill_name, :at_micros, :for_issue, :context_added, :event_id, :job_id, :trace_id, :span_id,
  :emitter
);
