-- Which sessions of telemetry a work session is made of: the one of its own id, those that its directory names,
-- and those that name it with `work.session.id`.
create view session_links as
select key as session_id, id as agent_session_id
from work_links
where kind = 'session' and level = 'session';
