-- The phase that an agent says its session is in; work sessions have theirs from their directories.
alter table agent_sessions add column phase text;

-- Finds the sessions in a phase.
create index idx_agent_sessions_phase on agent_sessions (phase, last_seen_at) where phase is not null;

-- A skill that a record tells of is one that its session used; commands add theirs themselves.
create trigger agent_skill_usage_derived after insert on agent_skill_usage when new.emitter not in ('api', 'tracking')
begin
  update agent_sessions
  set skills_used = json_insert(ifnull(skills_used, '[]'), '$[#]', new.skill_name)
  where session_id = new.session_id
  and not exists (select 1 from json_each(ifnull(skills_used, '[]')) as s where s.value = new.skill_name);
end;

-- An issue that a session's records name is one that it claimed.
create trigger work_links_issue after insert on work_links when new.kind = 'issue' and new.level = 'session'
begin
  update agent_sessions
  set issues_claimed = json_insert(ifnull(issues_claimed, '[]'), '$[#]', new.key)
  where session_id = new.id
  and not exists (select 1 from json_each(ifnull(issues_claimed, '[]')) as i where i.value = new.key);
end;

-- A project is known by the first session that names it; its name is the last part of its key.
create trigger agent_sessions_project_named after insert on agent_sessions when new.project_key is not null
begin
  insert into projects (key, name, path, created_at)
  select
    new.project_key,
    coalesce(nullif(replace(new.project_key, rtrim(new.project_key, replace(new.project_key, '/', '')), ''), ''), new.project_key),
    nullif(new.workspace_path, ''), new.started_at
  where not exists (select 1 from projects where key = new.project_key);
end;

create trigger agent_sessions_project_changed after update of project_key on agent_sessions
when new.project_key is not null and new.project_key is not old.project_key
begin
  insert into projects (key, name, path, created_at)
  select
    new.project_key,
    coalesce(nullif(replace(new.project_key, rtrim(new.project_key, replace(new.project_key, '/', '')), ''), ''), new.project_key),
    nullif(new.workspace_path, ''), new.started_at
  where not exists (select 1 from projects where key = new.project_key);
end;
