-- Questions about the book of work. Values are bound by name, a condition whose value is not given is left out.

-- name: plans
-- List plans, newest first, after a place in that order.
select
  e.id, e.key, e.title, e.status, e.owner, e.started_at, e.updated_at, e.created_at,
  e.project_key, e.agent_session_id, e.job_id,
  (select count(*) from plan_tasks as t where t.plan_id = e.id) as tasks,
  (
    select count(*) from plan_tasks as t where t.plan_id = e.id and t.status in ('pending', 'in_progress', 'paused')
  ) as open_tasks,
  (
    select s.text
    from summaries as s
    where s.entity_type = 'plan'
    and s.entity_id = e.id
    and s.style = 'short'
    order by s.created_at desc, s.id desc
    limit 1
  ) as summary
from feature_plans as e
where true
and e.status = :status
and e.project_key = :project
and (e.created_at, e.id) < (:after_time, :after_id)
order by e.created_at desc, e.id desc
limit :limit;

-- name: plan
-- Read a plan.
select
  e.id, e.key, e.title, e.status, e.owner, e.started_at, e.updated_at, e.created_at,
  e.project_key, e.agent_session_id, e.job_id,
  (select count(*) from plan_tasks as t where t.plan_id = e.id) as tasks,
  (
    select count(*) from plan_tasks as t where t.plan_id = e.id and t.status in ('pending', 'in_progress', 'paused')
  ) as open_tasks,
  (
    select s.text
    from summaries as s
    where s.entity_type = 'plan'
    and s.entity_id = e.id
    and s.style = 'short'
    order by s.created_at desc, s.id desc
    limit 1
  ) as summary
from feature_plans as e
where e.key = :key;

-- name: refactors
-- List refactors, newest first, after a place in that order.
select
  e.id, e.key, e.title, e.status, e.notes, e.started_at, e.updated_at, e.created_at,
  e.project_key, e.agent_session_id, e.job_id,
  (
    select s.text
    from summaries as s
    where s.entity_type = 'refactor'
    and s.entity_id = e.id
    and s.style = 'short'
    order by s.created_at desc, s.id desc
    limit 1
  ) as summary
from refactors as e
where true
and e.status = :status
and e.project_key = :project
and (e.created_at, e.id) < (:after_time, :after_id)
order by e.created_at desc, e.id desc
limit :limit;

-- name: refactor
-- Read a refactor.
select
  e.id, e.key, e.title, e.status, e.notes, e.started_at, e.updated_at, e.created_at,
  e.project_key, e.agent_session_id, e.job_id,
  (
    select s.text
    from summaries as s
    where s.entity_type = 'refactor'
    and s.entity_id = e.id
    and s.style = 'short'
    order by s.created_at desc, s.id desc
    limit 1
  ) as summary
from refactors as e
where e.key = :key;

-- name: debug_sessions
-- List debug sessions, newest first, after a place in that order.
select
  e.id, e.key, e.title, e.status, e.hypothesis, e.scope, e.started_at, e.updated_at,
  e.project_key, e.agent_session_id, e.job_id,
  (select count(*) from debug_notes as n where n.session_id = e.id) as notes,
  (
    select s.text
    from summaries as s
    where s.entity_type = 'debug'
    and s.entity_id = e.id
    and s.style = 'short'
    order by s.created_at desc, s.id desc
    limit 1
  ) as summary
from debug_sessions as e
where true
and e.status = :status
and e.project_key = :project
and (e.started_at, e.id) < (:after_time, :after_id)
order by e.started_at desc, e.id desc
limit :limit;

-- name: debug
-- Read a debug session.
select
  e.id, e.key, e.title, e.status, e.hypothesis, e.scope, e.started_at, e.updated_at,
  e.project_key, e.agent_session_id, e.job_id,
  (select count(*) from debug_notes as n where n.session_id = e.id) as notes,
  (
    select s.text
    from summaries as s
    where s.entity_type = 'debug'
    and s.entity_id = e.id
    and s.style = 'short'
    order by s.created_at desc, s.id desc
    limit 1
  ) as summary
from debug_sessions as e
where e.key = :key;

-- name: experiments
-- List experiments, newest first, after a place in that order.
select
  e.id, e.key, e.title, e.status, e.objective, e.owner, e.created_at, e.updated_at,
  e.project_key, e.agent_session_id, e.job_id,
  (select count(*) from experiment_runs as r where r.experiment_id = e.id) as runs,
  (
    select count(*) from experiment_runs as r where r.experiment_id = e.id and r.outcome = 'pass'
  ) as passed,
  (select count(*) from experiment_artifacts as a where a.experiment_id = e.id) as artifacts,
  (
    select s.text
    from summaries as s
    where s.entity_type = 'experiment'
    and s.entity_id = e.id
    and s.style = 'short'
    order by s.created_at desc, s.id desc
    limit 1
  ) as summary
from experiments as e
where true
and e.status = :status
and e.project_key = :project
and (e.created_at, e.id) < (:after_time, :after_id)
order by e.created_at desc, e.id desc
limit :limit;

-- name: experiment
-- Read an experiment.
select
  e.id, e.key, e.title, e.status, e.objective, e.owner, e.created_at, e.updated_at,
  e.project_key, e.agent_session_id, e.job_id,
  (select count(*) from experiment_runs as r where r.experiment_id = e.id) as runs,
  (
    select count(*) from experiment_runs as r where r.experiment_id = e.id and r.outcome = 'pass'
  ) as passed,
  (select count(*) from experiment_artifacts as a where a.experiment_id = e.id) as artifacts,
  (
    select s.text
    from summaries as s
    where s.entity_type = 'experiment'
    and s.entity_id = e.id
    and s.style = 'short'
    order by s.created_at desc, s.id desc
    limit 1
  ) as summary
from experiments as e
where e.key = :key;

-- name: plan_status
-- Say how plans stand: what get_plan_status gives (seed 000).
select
  p.key, p.title, p.status,
  (
    select count(*) from plan_tasks as t where t.plan_id = p.id and t.status in ('pending', 'in_progress', 'paused')
  ) as open_tasks
from feature_plans as p
where true
and p.key = :key
order by p.id;

-- name: tasks
-- List a plan's tasks in the order in which they were added, after a place in that order.
select
  t.id, :plan as plan_key, t.title, t.status, t.notes, t.client_key, t.created_at, t.updated_at, t.agent_session_id,
  t.job_id, t.trace_id, t.span_id
from plan_tasks as t
where t.plan_id = (select id from feature_plans where key = :plan)
and likely(t.status = :status)
and (t.created_at, t.id) > (:after_time, :after_id)
order by t.created_at, t.id
limit :limit;

-- name: task
-- Read a task.
select
  t.id, p.key as plan_key, t.title, t.status, t.notes, t.client_key, t.created_at, t.updated_at, t.agent_session_id,
  t.job_id, t.trace_id, t.span_id
from plan_tasks as t
join feature_plans as p on p.id = t.plan_id
where t.id = :id;

-- name: notes
-- List the notes of a debug session in order, after a place in that order.
select n.id, :debug as session_key, n.note, n.created_at, n.agent_session_id, n.job_id, n.trace_id, n.span_id
from debug_notes as n
where n.session_id = (select id from debug_sessions where key = :debug)
and (n.created_at, n.id) > (:after_time, :after_id)
order by n.created_at, n.id
limit :limit;

-- name: runs
-- List the runs of all experiments or of one, in order, after a place in that order.
select
  r.id, e.key as experiment_key, r.run_no, r.params_json, r.metrics_json, r.outcome, r.created_at, r.updated_at,
  r.agent_session_id, r.job_id, r.trace_id, r.span_id
from experiments as e
cross join experiment_runs as r on r.experiment_id = e.id
where true
and e.key = :experiment
and likely(r.outcome = :outcome)
and (e.key, r.run_no) > (:after_time, :after_id)
order by e.key, r.run_no
limit :limit;

-- name: run
-- Read a run of an experiment.
select
  r.id, e.key as experiment_key, r.run_no, r.params_json, r.metrics_json, r.outcome, r.created_at, r.updated_at,
  r.agent_session_id, r.job_id, r.trace_id, r.span_id
from experiments as e
join experiment_runs as r on r.experiment_id = e.id
where e.key = :experiment
and r.run_no = :run;

-- name: artifacts
-- List the artifacts of an experiment in order, after a place in that order.
select
  a.id, :experiment as experiment_key, r.run_no, a.run_id, a.type, a.path, a.created_at, a.agent_session_id, a.job_id,
  a.trace_id, a.span_id
from experiment_artifacts as a
left join experiment_runs as r on r.id = a.run_id
where a.experiment_id = (select id from experiments where key = :experiment)
and likely(a.type = :type)
and (a.created_at, a.id) > (:after_time, :after_id)
order by a.created_at, a.id
limit :limit;

-- name: summaries
-- List summaries, newest first, after a place in that order.
select s.id, s.entity_type, s.entity_id, s.style, s.text, s.created_at, s.agent_session_id, s.job_id
from summaries as s
where true
and s.entity_type = :entity_type
and s.entity_id = :entity_id
and likely(s.style = :style)
and (s.created_at, s.id) < (:after_time, :after_id)
order by s.created_at desc, s.id desc
limit :limit;

-- name: issue_work
-- List work on issues, newest first, after a place in that order.
select
  w.work_id, w.issue_id, w.session_id, w.agent_name, w.started_at, w.ended_at, w.status_changes, w.decision_rationale,
  w.work_notes, w.completed, w.project_key, w.job_id, w.trace_id, w.span_id
from agent_issue_work as w
where true
and w.issue_id = :issue
and w.session_id = :session
and w.agent_name = :agent
and likely((w.ended_at is null) = :open)
and (w.started_at, w.work_id) < (:after_time, :after_id)
order by w.started_at desc, w.work_id desc
limit :limit;

-- name: work
-- Read work on an issue.
select
  w.work_id, w.issue_id, w.session_id, w.agent_name, w.started_at, w.ended_at, w.status_changes, w.decision_rationale,
  w.work_notes, w.completed, w.project_key, w.job_id, w.trace_id, w.span_id
from agent_issue_work as w
where w.work_id = :id;

-- name: skill_usage
-- List loads of skills, newest first, after a place in that order.
select
  u.usage_id, u.session_id, u.skill_name, u.loaded_at, u.used_for_issue_id, u.context_added, u.job_id, u.trace_id,
  u.span_id
from agent_skill_usage as u
where true
and u.skill_name = :skill
and u.session_id = :session
and likely(u.used_for_issue_id = :for_issue)
and (u.loaded_at, u.usage_id) < (:after_time, :after_id)
order by u.loaded_at desc, u.usage_id desc
limit :limit;

-- name: projects
-- List projects, newest first, after a place in that order.
select p.id, p.key, p.name, p.path, p.repo_url, p.created_at, p.updated_at
from projects as p
where true
and (p.created_at, p.id) < (:after_time, :after_id)
order by p.created_at desc, p.id desc
limit :limit;

-- name: project
-- Read a project.
select p.id, p.key, p.name, p.path, p.repo_url, p.created_at, p.updated_at
from projects as p
where p.key = :key;

-- name: runs_export
-- List all runs of all experiments: what get_experiment_runs_export gives (seed 000).
select e.key as experiment_key, r.run_no, r.params_json, r.metrics_json, r.outcome, r.created_at
from experiments as e
cross join experiment_runs as r on r.experiment_id = e.id
order by e.key, r.run_no;

-- name: standing
-- Count what is open and what was done today, for a few lines that say how the work stands.
select
  (select count(*) from feature_plans where status in ('pending', 'in_progress', 'paused')) as plans,
  (select count(*) from refactors where status in ('pending', 'in_progress', 'paused')) as refactors,
  (select count(*) from debug_sessions where status in ('pending', 'in_progress', 'paused')) as debug_sessions,
  (select count(*) from experiments where status in ('pending', 'in_progress', 'paused')) as experiments,
  (select count(*) from open_jobs) as running,
  t.jobs, t.completed, t.failed, t.cost_nanos
from (
  select
    count(*) as jobs, sum(status = 'completed') as completed, sum(status = 'failed') as failed,
    sum(cost_nanos) as cost_nanos
  from job_history
  where started_at >= :today
) as t;

-- name: failed_jobs
-- List the jobs of a day that failed, the latest first.
select id, coalesce(error_message, error_type) as error, agent_name, session_id, started_at
from job_history
where started_at >= :today
and +status = 'failed'
order by started_at desc
limit :limit;

-- name: open_plans
-- List some plans that are not over, the latest changed first.
select
  p.key, p.status,
  (
    select count(*) from plan_tasks as t where t.plan_id = p.id and t.status in ('pending', 'in_progress', 'paused')
  ) as open_tasks
from feature_plans as p
where p.status in ('in_progress', 'pending', 'paused')
order by p.status = 'in_progress' desc, p.updated_at desc, p.id desc
limit :limit;

-- name: open_refactors
-- List some refactors that are not over, the latest changed first.
select r.key, r.status
from refactors as r
where r.status in ('in_progress', 'pending', 'paused')
order by r.status = 'in_progress' desc, r.updated_at desc, r.id desc
limit :limit;

-- name: open_debug_sessions
-- List some debug sessions that are not over, the latest first.
select d.key, d.status, (select count(*) from debug_notes as n where n.session_id = d.id) as notes
from debug_sessions as d
where d.status in ('in_progress', 'pending', 'paused')
order by d.status = 'in_progress' desc, d.started_at desc, d.id desc
limit :limit;

-- name: open_experiments
-- List some experiments that are not over, the latest changed first.
select
  e.key, e.status,
  (select count(*) from experiment_runs as r where r.experiment_id = e.id) as runs,
  (select count(*) from experiment_runs as r where r.experiment_id = e.id and r.outcome = 'pass') as passed
from experiments as e
where e.status in ('in_progress', 'pending', 'paused')
order by e.status = 'in_progress' desc, e.updated_at desc, e.id desc
limit :limit;
