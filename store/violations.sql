-- Commands that records told and that cannot be done, or not yet.

-- name: note
-- Keep a refused command once.
insert into ingest_rejections (
  received_at, signal, transport, encoding, position, reason, message, items, payload, event_time, event_name, entity_key,
  code, attribute, value_preview, session_id, service_name, trace_id, span_id, command_id, state
)
values (
  :received_at, :signal, :transport, :encoding, :position, 'command', :message, 0, :payload, :event_time, :event_name,
  :entity_key, :code, :attribute, :value_preview, :session_id, :service_name, :trace_id, :span_id, :command_id, :state
)
on conflict (position) where code is not null do nothing;

-- name: join_event
-- Say which event a refused command is, and which session it was of.
update ingest_rejections
set
  event_id = (select e.id from events as e where e.key = ingest_rejections.position),
  session_id = ifnull(session_id, (select e.session_id from events as e where e.key = ingest_rejections.position))
where position = :position
and code is not null
and event_id is null;

-- name: count_parked
-- Count the commands that wait.
select count(*)
from ingest_rejections
where state = 'parked';

-- name: parked
-- List commands that wait, the least tried first.
select id, received_at, payload
from ingest_rejections
where state = 'parked'
order by tries, id
limit :limit;

-- name: try_again
-- Count a try.
update ingest_rejections
set tries = tries + 1
where id = :id;

-- name: settle
-- Say what became of a command that waited.
update ingest_rejections
set state = :state, payload = null
where id = :id;

-- name: refuse
-- Say why a command that waited is refused after all.
update ingest_rejections
set state = 'rejected', code = :code, message = :message, payload = null
where id = :id;

-- name: resolve
-- Know that a command was done that waited, or had expired.
update ingest_rejections
set state = 'resolved', payload = null
where position = :position
and code is not null
and state in ('parked', 'expired');

-- name: find_place
-- Find the session and the job that a record was told in, by what is derived from it and from its trace.
select e.session_id, iif(e.job_id like 'session:%', null, e.job_id), s.synthetic
from events as e
join agent_sessions as s on s.session_id = e.session_id
where e.key = :record;
