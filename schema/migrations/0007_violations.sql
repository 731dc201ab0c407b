-- Commands that were refused, beside items that were: `code` is null for these. The record itself is kept.
-- `position` names it for ever, `event_id` is its row in `events`, `event_time` ISO 8601, `command_id` the sender's own id.
-- `state` is rejected; parked while what it is about may still come, with the command in `payload`; then resolved or expired.
alter table ingest_rejections add column event_time text;
alter table ingest_rejections add column event_name text;
alter table ingest_rejections add column entity_key text;
alter table ingest_rejections add column code text;
alter table ingest_rejections add column attribute text;
alter table ingest_rejections add column value_preview text;
alter table ingest_rejections add column session_id text;
alter table ingest_rejections add column service_name text;
alter table ingest_rejections add column trace_id text;
alter table ingest_rejections add column span_id text;
alter table ingest_rejections add column command_id text;
alter table ingest_rejections add column event_id integer;
alter table ingest_rejections add column state text not null default 'rejected';
alter table ingest_rejections add column tries integer not null default 0;

-- Notes each refused command once.
create unique index ingest_rejections_command on ingest_rejections (position) where code is not null;

-- Finds commands that wait, the least tried first.
create index ingest_rejections_parked on ingest_rejections (tries, id) where state = 'parked';

-- Find a session's refused commands, and a sender's own one.
create index ingest_rejections_session on ingest_rejections (session_id, id) where session_id is not null;
create index ingest_rejections_sent on ingest_rejections (command_id) where command_id is not null;
