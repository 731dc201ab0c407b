-- The questions that join what agents did with the work that it was for; docs/reports.md shows each with its command.
-- A call is for what its own record, a span above it, its job or its session names, in this order (`work_links`);
-- what a program wrote with a job's or a session's id is for that job, or for that session.

-- name: sessions_in_phase
-- List the sessions in a phase, the latest changed first: work sessions, and agents' that say their phase themselves.
select
  session_id, project_key, title, phase, status, checkpoint_count, checkpoints_completed, updated_at, path
from sessions
where phase = :phase
union all
select
  session_id, project_key, agent_name, phase, iif(ended_at is null, 'active', 'ended'), null, null, last_seen_at,
  workspace_path
from agent_sessions
where phase = :phase
order by 8 desc
limit :limit;

-- name: sessions_with_checkpoints
-- List the work sessions with more than so many checkpoints, most first.
select
  session_id, project_key, title, phase, status, checkpoint_count, checkpoints_completed, updated_at, path
from sessions
where checkpoint_count > :more_than
order by checkpoint_count desc
limit :limit;

-- name: failed_agents_in_phase
-- List the agents that failed in work sessions of a phase: by telemetry, else by the session's own directory.
select
  s.session_id, s.project_key, s.title, a.agent_id, a.name, a.model, a.started_at, a.ended_at,
  a.session_id as agent_session_id, null as error_message
from sessions as s
join session_links as l on l.session_id = s.session_id
join agents as a on a.session_id = l.agent_session_id
where s.phase = :phase and a.status = 'failed'
union all
select
  s.session_id, s.project_key, s.title, g.agent_id, g.name, g.model, g.started_at, g.ended_at, null, g.error_message
from sessions as s
join session_agents as g on g.session_id = s.session_id
where s.phase = :phase and g.status = 'failed'
and not exists (select 1 from agents as a where a.agent_id = g.agent_id and a.status = 'failed')
order by 1, 7, 4
limit :limit;

-- name: project_costs
-- Add up the model calls of each project's sessions, the most expensive first; a session's directory may name its project.
with
  by_session as (
    select
      session_id, sum(calls) as calls, iif(sum(measured) > 0, sum(input_tokens), null) as input_tokens,
      iif(sum(measured) > 0, sum(output_tokens), null) as output_tokens,
      iif(sum(priced) > 0, sum(cost_nanos), null) as cost_nanos, sum(iif(cost_source = 'unknown_model', calls, 0)) as unpriced
    from usage_days
    where session_id <> ''
    group by session_id
  ),
  of_project as (
    select
      b.*,
      coalesce(
        s.project_key,
        (
          select min(w.project_key)
          from session_links as l
          join sessions as w on w.session_id = l.session_id
          where l.agent_session_id = b.session_id
        )
      ) as project_key
    from by_session as b
    left join agent_sessions as s on s.session_id = b.session_id
  )
select
  o.project_key, p.name, count(*) as sessions, sum(o.calls) as model_calls, sum(o.input_tokens) as input_tokens,
  sum(o.output_tokens) as output_tokens, sum(o.cost_nanos) as cost_nanos, sum(o.unpriced) as unpriced_calls
from of_project as o
left join projects as p on p.key = o.project_key
where o.project_key is not null
and o.project_key = :project
group by o.project_key
order by cost_nanos desc, o.project_key
limit :limit;

-- name: plan_cost
-- Add up what the model calls for a plan cost.
with
  told (job_id, session_id) as (
    select job_id, agent_session_id
    from feature_plans
    where key = :plan
    union
    select t.job_id, t.agent_session_id
    from feature_plans as p
    join plan_tasks as t on t.plan_id = p.id
    where p.key = :plan
  ),
  calls (call_id) as (
    select id
    from work_links
    where kind = 'plan' and key = :plan and level = 'call'
    union
    select m.call_id
    from told
    cross join model_calls as m
    where m.job_id = told.job_id
    and not exists (select 1 from work_links as w where w.id = m.call_id and w.kind = 'plan')
    union
    select m.call_id
    from told
    cross join model_calls as m
    where m.session_id = told.session_id
    and told.job_id is null
    and not exists (select 1 from work_links as w where w.id = m.call_id and w.kind = 'plan')
  )
select
  :plan as plan, (select p.title from feature_plans as p where p.key = :plan) as title,
  count(distinct m.session_id) as sessions, count(distinct m.job_id) as jobs, count(*) as model_calls,
  sum(m.input_tokens) as input_tokens, sum(m.output_tokens) as output_tokens, sum(m.cost_nanos) as cost_nanos,
  ifnull(sum(m.cost_source = 'unknown_model'), 0) as unpriced_calls,
  min(m.started_at) as first_call_at, max(m.started_at) as last_call_at
from calls as c
cross join model_calls as m
where m.call_id = c.call_id
and m.counted = 1;

-- name: run_cost
-- Add up what the model calls for one run of an experiment cost.
with
  told (job_id, session_id) as (
    select r.job_id, r.agent_session_id
    from experiments as e
    join experiment_runs as r on r.experiment_id = e.id
    where e.key = :experiment and r.run_no = :run
  ),
  calls (call_id) as (
    select id
    from work_links
    where kind = 'run' and key = :experiment || '#' || :run and level = 'call'
    union
    select m.call_id
    from told
    cross join model_calls as m
    where m.job_id = told.job_id
    and not exists (select 1 from work_links as w where w.id = m.call_id and w.kind = 'run')
    union
    select m.call_id
    from told
    cross join model_calls as m
    where m.session_id = told.session_id
    and told.job_id is null
    and not exists (select 1 from work_links as w where w.id = m.call_id and w.kind = 'run')
  )
select
  :experiment as experiment, :run as run,
  (
    select r.outcome
    from experiments as e
    join experiment_runs as r on r.experiment_id = e.id
    where e.key = :experiment and r.run_no = :run
  ) as outcome,
  count(distinct m.session_id) as sessions, count(distinct m.job_id) as jobs, count(*) as model_calls,
  sum(m.input_tokens) as input_tokens, sum(m.output_tokens) as output_tokens, sum(m.cost_nanos) as cost_nanos,
  ifnull(sum(m.cost_source = 'unknown_model'), 0) as unpriced_calls,
  min(m.started_at) as first_call_at, max(m.started_at) as last_call_at
from calls as c
cross join model_calls as m
where m.call_id = c.call_id
and m.counted = 1;

-- name: debug_cost
-- Add up what the model calls for a debug session cost.
with
  told (job_id, session_id) as (
    select job_id, agent_session_id
    from debug_sessions
    where key = :debug
    union
    select n.job_id, n.agent_session_id
    from debug_sessions as d
    join debug_notes as n on n.session_id = d.id
    where d.key = :debug
  ),
  calls (call_id) as (
    select id
    from work_links
    where kind = 'debug' and key = :debug and level = 'call'
    union
    select m.call_id
    from told
    cross join model_calls as m
    where m.job_id = told.job_id
    and not exists (select 1 from work_links as w where w.id = m.call_id and w.kind = 'debug')
    union
    select m.call_id
    from told
    cross join model_calls as m
    where m.session_id = told.session_id
    and told.job_id is null
    and not exists (select 1 from work_links as w where w.id = m.call_id and w.kind = 'debug')
  )
select
  :debug as debug_session, (select d.title from debug_sessions as d where d.key = :debug) as title,
  count(distinct m.session_id) as sessions, count(distinct m.job_id) as jobs, count(*) as model_calls,
  sum(m.input_tokens) as input_tokens, sum(m.output_tokens) as output_tokens, sum(m.cost_nanos) as cost_nanos,
  ifnull(sum(m.cost_source = 'unknown_model'), 0) as unpriced_calls,
  min(m.started_at) as first_call_at, max(m.started_at) as last_call_at
from calls as c
cross join model_calls as m
where m.call_id = c.call_id
and m.counted = 1;

-- name: failed_tools_in_run
-- List the tool calls that failed in one run of an experiment, in order of time.
with
  told (job_id, session_id) as (
    select r.job_id, r.agent_session_id
    from experiments as e
    join experiment_runs as r on r.experiment_id = e.id
    where e.key = :experiment and r.run_no = :run
  ),
  calls (key) as (
    select id
    from work_links
    where kind = 'run' and key = :experiment || '#' || :run and level = 'tool'
    union
    select t.key
    from told
    cross join tool_calls as t
    where t.job_id = told.job_id
    and not exists (select 1 from work_links as w where w.id = t.key and w.kind = 'run')
    union
    select t.key
    from told
    cross join tool_calls as t
    where t.session_id = told.session_id
    and told.job_id is null
    and not exists (select 1 from work_links as w where w.id = t.key and w.kind = 'run')
  )
select
  t.name, t.timestamp, t.error_type, t.error_message, t.duration_ms, t.file_path, t.session_id, t.job_id, t.agent_name,
  t.input_preview, t.output_preview
from calls as c
cross join tool_calls as t
where t.key = c.key
and t.is_error = 1
order by t.timestamp, t.key
limit :limit;

-- name: agent_stats
-- Say what an agent did in sessions that started since a time (GetAgentStats).
select
  s.agent_name, count(*) as total_sessions, count(*) filter (where s.ended_at is null) as active_sessions,
  count(*) filter (where s.exit_reason = 'completed') as completed_sessions,
  count(*) filter (where s.exit_reason = 'error') as failed_sessions,
  avg((julianday(s.ended_at) - julianday(s.started_at)) * 86400) as avg_session_seconds,
  avg(s.context_tokens) as avg_context_tokens,
  (
    select count(distinct i.value)
    from agent_sessions as x, json_each(x.issues_claimed) as i
    where x.agent_name = :agent and x.started_at >= ifnull(:since, '')
  ) as total_issues,
  (
    select count(distinct k.value)
    from agent_sessions as x, json_each(x.skills_used) as k
    where x.agent_name = :agent and x.started_at >= ifnull(:since, '')
  ) as total_skills,
  sum((select count(*) from model_calls as m where m.session_id = s.session_id and m.counted = 1)) as model_calls,
  sum((select sum(m.input_tokens) from model_calls as m where m.session_id = s.session_id and m.counted = 1)) as input_tokens,
  sum((select sum(m.output_tokens) from model_calls as m where m.session_id = s.session_id and m.counted = 1)) as output_tokens,
  sum((select sum(m.cost_nanos) from model_calls as m where m.session_id = s.session_id and m.counted = 1)) as cost_nanos
from agent_sessions as s
where s.agent_name = :agent
and s.started_at >= :since
group by s.agent_name;

-- name: issue_stats
-- Say how often, by how many agents, and how long an issue was worked on (GetIssueStats).
select
  issue_id, count(*) as total_work_sessions, count(distinct agent_name) as total_agents,
  count(distinct session_id) as sessions, sum(completed) as completed,
  sum((julianday(ended_at) - julianday(started_at)) * 86400) as total_seconds,
  min(started_at) as first_started_at, max(ended_at) as last_ended_at
from agent_issue_work
where issue_id = :issue
group by issue_id;

-- name: skill_stats
-- Say how often a skill was loaded since a time, and how many tokens it added (GetSkillStats).
select
  u.skill_name, count(*) as total_uses, count(distinct u.session_id) as sessions,
  count(distinct s.agent_name) as agents, avg(u.context_added) as avg_context,
  min(u.loaded_at) as first_loaded_at, max(u.loaded_at) as last_loaded_at
from agent_skill_usage as u
left join agent_sessions as s on s.session_id = u.session_id
where u.skill_name = :skill
and u.loaded_at >= :since
group by u.skill_name;

-- name: overall_stats
-- Say what all agents did in sessions that started since a time (GetOverallStats).
select
  count(*) as total_sessions, count(*) filter (where ended_at is null) as active_sessions,
  count(*) filter (where exit_reason = 'completed') as completed_sessions,
  count(distinct agent_name) as unique_agents,
  (
    select count(distinct i.value)
    from agent_sessions as x, json_each(x.issues_claimed) as i
    where x.started_at >= ifnull(:since, '')
  ) as total_issues,
  (
    select count(distinct k.value)
    from agent_sessions as x, json_each(x.skills_used) as k
    where x.started_at >= ifnull(:since, '')
  ) as total_skills,
  avg((julianday(ended_at) - julianday(started_at)) * 86400) as avg_session_seconds
from agent_sessions
where true
and started_at >= :since;

-- name: session_durations
-- List how long sessions took, newest first; one that goes on has taken its time up to now (GetSessionDurations).
select
  session_id, agent_name, started_at, ended_at, exit_reason, ended_at is not null as is_completed,
  (julianday(ifnull(ended_at, 'now')) - julianday(started_at)) * 86400 as seconds
from agent_sessions
where true
and agent_name = :agent
and started_at >= :since
order by started_at desc, session_id desc
limit :limit;
