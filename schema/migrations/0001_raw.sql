-- What arrived, exactly, and the books about it.
-- Ids are lower-case hex, times are Unix nanoseconds, JSON columns follow schema/values.py.
-- An id of what arrived is never given twice, also when the newest rows were deleted: others remember how far they read.
-- A resource's, scope's or record's 64-bit id is made from its content, so equal content has equal ids in every database.

create table resources (
  id integer primary key,
  service_name text not null,
  attributes text not null,
  dropped_attributes_count integer not null,
  schema_url text not null,
  entity_refs text
) strict;

create table scopes (
  id integer primary key,
  name text not null,
  version text not null,
  attributes text not null,
  dropped_attributes_count integer not null,
  schema_url text not null
) strict;

-- A time beyond 2^63-1 is null here and written out in `repaired`.
create table raw_spans (
  id integer primary key autoincrement,
  resource_id integer not null,
  scope_id integer not null,
  received_at integer not null,
  trace_id text not null,
  span_id text not null,
  parent_span_id text,
  trace_state text not null,
  flags integer not null,
  name text not null,
  kind integer not null,
  start_time_unix_nano integer,
  end_time_unix_nano integer,
  status_code integer not null,
  status_message text not null,
  attributes text not null,
  dropped_attributes_count integer not null,
  events text,
  dropped_events_count integer not null,
  links text,
  dropped_links_count integer not null,
  repaired text
) strict;

-- Keeps a re-sent span from being stored twice; finds the spans of a trace.
create unique index raw_spans_identity on raw_spans (trace_id, span_id);

-- Finds the spans of an hour or a day.
create index raw_spans_start on raw_spans (start_time_unix_nano);

create table raw_logs (
  id integer primary key autoincrement,
  resource_id integer not null,
  scope_id integer not null,
  received_at integer not null,
  sort_time integer not null,
  fingerprint integer not null,
  time_unix_nano integer,
  observed_time_unix_nano integer,
  event_name text not null,
  severity_number integer not null,
  severity_text text not null,
  body text,
  body_is_json integer not null,
  attributes text not null,
  dropped_attributes_count integer not null,
  trace_id text,
  span_id text,
  flags integer not null,
  repaired text
) strict;

-- Keeps a re-sent record from being stored twice; finds the records of an hour or a day.
create unique index raw_logs_identity on raw_logs (sort_time, fingerprint);

-- Finds the records of a trace.
create index raw_logs_trace on raw_logs (trace_id) where trace_id is not null;

create table raw_points (
  id integer primary key autoincrement,
  resource_id integer not null,
  scope_id integer not null,
  received_at integer not null,
  sort_time integer not null,
  fingerprint integer not null,
  name text not null,
  description text not null,
  unit text not null,
  type text not null,
  temporality integer,
  is_monotonic integer,
  metadata text,
  start_time_unix_nano integer,
  time_unix_nano integer,
  attributes text not null,
  value any,
  count integer,
  sum real,
  data text,
  exemplars text,
  flags integer not null,
  repaired text
) strict;

-- Keeps a re-sent point from being stored twice; finds the points of an hour or a day.
create unique index raw_points_identity on raw_points (sort_time, fingerprint);

create view spans as
select
  s.id, s.trace_id, s.span_id, s.parent_span_id, s.name, s.kind,
  s.start_time_unix_nano, s.end_time_unix_nano,
  case when s.end_time_unix_nano > 0 then s.end_time_unix_nano - s.start_time_unix_nano end as duration_nano,
  s.status_code, s.status_message, s.attributes, s.events, s.links,
  r.service_name, r.attributes as resource,
  c.name as scope_name, c.version as scope_version, c.attributes as scope_attributes,
  s.trace_state, s.flags,
  s.dropped_attributes_count, s.dropped_events_count, s.dropped_links_count,
  r.schema_url as resource_schema_url, r.dropped_attributes_count as resource_dropped_attributes_count, r.entity_refs,
  c.schema_url as scope_schema_url, c.dropped_attributes_count as scope_dropped_attributes_count,
  s.received_at, s.repaired, s.resource_id, s.scope_id
from raw_spans as s
join resources as r on r.id = s.resource_id
join scopes as c on c.id = s.scope_id;

create view log_records as
select
  l.id, l.time_unix_nano, l.observed_time_unix_nano, l.sort_time, l.event_name,
  l.severity_number, l.severity_text, l.body, l.body_is_json, l.attributes,
  l.trace_id, l.span_id,
  r.service_name, r.attributes as resource,
  c.name as scope_name, c.version as scope_version, c.attributes as scope_attributes,
  l.flags, l.dropped_attributes_count,
  r.schema_url as resource_schema_url, r.dropped_attributes_count as resource_dropped_attributes_count, r.entity_refs,
  c.schema_url as scope_schema_url, c.dropped_attributes_count as scope_dropped_attributes_count,
  l.received_at, l.repaired, l.resource_id, l.scope_id
from raw_logs as l
join resources as r on r.id = l.resource_id
join scopes as c on c.id = l.scope_id;

create view metric_points as
select
  p.id, p.name, p.type, p.time_unix_nano, p.start_time_unix_nano, p.sort_time,
  p.value, p.count, p.sum, p.data, p.attributes,
  p.unit, p.description, p.temporality, p.is_monotonic, p.metadata, p.exemplars,
  r.service_name, r.attributes as resource,
  c.name as scope_name, c.version as scope_version, c.attributes as scope_attributes,
  p.flags,
  r.schema_url as resource_schema_url, r.dropped_attributes_count as resource_dropped_attributes_count, r.entity_refs,
  c.schema_url as scope_schema_url, c.dropped_attributes_count as scope_dropped_attributes_count,
  p.received_at, p.repaired, p.resource_id, p.scope_id
from raw_points as p
join resources as r on r.id = p.resource_id
join scopes as c on c.id = p.scope_id;

-- One line a signal and transport: received = stored + duplicate + rejected, always.
-- `repaired` counts stored items that had to be mended, `conflicts` duplicates whose content differed from what was kept.
create table ledger (
  signal text not null,
  transport text not null,
  requests integer not null,
  received integer not null,
  stored integer not null,
  duplicate integer not null,
  rejected integer not null,
  repaired integer not null,
  conflicts integer not null,
  primary key (signal, transport),
  check (received = stored + duplicate + rejected)
) strict, without rowid;

-- What was answered to a request, for as long as its sender may send it again (otlp.md I04).
create table ingest_requests (
  fingerprint blob primary key,
  received_at integer not null,
  rejected integer not null,
  message text not null
) strict, without rowid;

-- Forgets requests whose replay window has passed.
create index ingest_requests_age on ingest_requests (received_at);

-- Every item that was refused, with what is needed to send it again.
-- `items` is 0 when the body could not be read far enough to count, and for a conflict: a variant of what is kept, a duplicate in the ledger.
-- `payload` is null when it was too large to keep; with `encoding` 'row' it is a JSON object of the variant's columns.
create table ingest_rejections (
  id integer primary key autoincrement,
  received_at integer not null,
  signal text not null,
  transport text not null,
  encoding text not null,
  position text not null,
  reason text not null,
  message text not null,
  items integer not null,
  payload blob
) strict;

-- One row: how many refused items are kept, how large they are, and how many had to be forgotten to bound them.
create table rejection_tally (
  id integer primary key check (id = 1),
  kept integer not null,
  bytes integer not null,
  forgotten integer not null
) strict;

insert into rejection_tally (id, kept, bytes, forgotten) values (1, 0, 0, 0);

create trigger ingest_rejections_kept after insert on ingest_rejections
begin
  update rejection_tally
  set kept = kept + 1, bytes = bytes + octet_length(new.message) + ifnull(octet_length(new.payload), 0)
  where id = 1;
end;

create trigger ingest_rejections_changed after update of message, payload on ingest_rejections
begin
  update rejection_tally
  set bytes = bytes + octet_length(new.message) + ifnull(octet_length(new.payload), 0)
    - octet_length(old.message) - ifnull(octet_length(old.payload), 0)
  where id = 1;
end;

create trigger ingest_rejections_forgotten after delete on ingest_rejections
begin
  update rejection_tally
  set
    kept = kept - 1,
    bytes = bytes - octet_length(old.message) - ifnull(octet_length(old.payload), 0),
    forgotten = forgotten + 1
  where id = 1;
end;
