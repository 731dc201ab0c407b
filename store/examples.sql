-- Statements to begin with, for those who write their own.

-- name: cost_by_model
-- What each model cost in the last seven days.
select model, count(*) as calls, round(sum(cost_usd), 4) as usd
from model_calls
where counted = 1
and started_at >= strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-7 days')
group by model
order by usd desc;

-- name: expensive_sessions
-- The most expensive sessions.
select session_id, agent_name, count(*) as calls, round(sum(cost_usd), 4) as usd
from model_calls
where counted = 1
group by session_id
order by usd desc
limit 20;

-- name: failing_tools
-- Which tools fail most.
select name, count(*) as calls, sum(is_error) as failures, round(avg(duration_ms)) as ms
from tool_calls
group by name
order by failures desc;

-- name: jobs_of_a_file
-- Jobs that changed a file.
select j.id, j.started_at, j.prompt
from job_history as j, json_each(j.files_modified_json) as f
where f.value like '%README.md'
order by j.started_at desc;

-- name: newest_errors
-- Errors of the last day, with what was asked.
select e.timestamp, e.name, e.error_message, j.prompt
from agent_traces as e
left join job_history as j on j.id = e.job_id
where e.status = 'error'
and e.timestamp >= strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-1 day')
order by e.timestamp desc;

-- name: open_tasks
-- Tasks that are not done, with what was spent on them.
select t.title, t.status, p.title as plan, count(distinct w.session_id) as sessions
from plan_tasks as t
join feature_plans as p on p.id = t.plan_id
left join work_links as w on w.kind = 'plan' and w.key = p.key
where t.status not in ('completed', 'cancelled')
group by t.id
order by t.created_at desc;
