-- Every statement of the store, by name. Values are always bound, in the order of the question marks.

-- name: add_resource
-- Keep a resource that is not known yet.
insert into resources (
  id, service_name, attributes, dropped_attributes_count, schema_url, entity_refs
)
values (?, ?, ?, ?, ?, ?)
on conflict (id) do nothing;

-- name: add_scope
-- Keep a scope that is not known yet.
insert into scopes (
  id, name, version, attributes, dropped_attributes_count, schema_url
)
values (?, ?, ?, ?, ?, ?)
on conflict (id) do nothing;

-- name: add_span
-- Keep a span unless its identity is known.
insert or ignore into raw_spans (
  resource_id, scope_id, received_at, trace_id, span_id, parent_span_id, trace_state, flags, name, kind,
  start_time_unix_nano, end_time_unix_nano, status_code, status_message, attributes, dropped_attributes_count,
  events, dropped_events_count, links, dropped_links_count, repaired
)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: add_log
-- Keep a log record unless its identity is known.
insert or ignore into raw_logs (
  resource_id, scope_id, received_at, sort_time, fingerprint, time_unix_nano, observed_time_unix_nano, event_name,
  severity_number, severity_text, body, body_is_json, attributes, dropped_attributes_count, trace_id, span_id,
  flags, repaired
)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: add_point
-- Keep a metric point unless its identity is known.
insert or ignore into raw_points (
  resource_id, scope_id, received_at, sort_time, fingerprint, name, description, unit, type, temporality,
  is_monotonic, metadata, start_time_unix_nano, time_unix_nano, attributes, value, count, sum, data, exemplars,
  flags, repaired
)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: last_span
-- Find the newest span's id, 0 when there is none.
select ifnull(max(id), 0)
from raw_spans;

-- name: last_log
-- Find the newest log's id, 0 when there is none.
select ifnull(max(id), 0)
from raw_logs;

-- name: last_point
-- Find the newest point's id, 0 when there is none.
select ifnull(max(id), 0)
from raw_points;

-- name: spans_since
-- List the identities of the spans that came after an id.
select trace_id, span_id
from raw_spans
where id > ?;

-- name: logs_since
-- List the identities of the logs that came after an id.
select sort_time, fingerprint
from raw_logs
where id > ?;

-- name: points_since
-- List the identities of the points that came after an id.
select sort_time, fingerprint
from raw_points
where id > ?;

-- name: span_content
-- Read all that a span's sender said, to compare.
select
  resource_id, scope_id, trace_id, span_id, parent_span_id, trace_state, flags, name, kind, start_time_unix_nano,
  end_time_unix_nano, status_code, status_message, attributes, dropped_attributes_count, events,
  dropped_events_count, links, dropped_links_count, repaired
from raw_spans
where trace_id = ?
and span_id = ?;

-- name: log_content
-- Say whether a log record is kept.
select 1
from raw_logs
where sort_time = ?
and fingerprint = ?;

-- name: point_content
-- Read what a metric point measured, to compare.
select value, count, sum, data, flags
from raw_points
where sort_time = ?
and fingerprint = ?;

-- name: new_span_id
-- Take the next id of a span.
update sqlite_sequence
set seq = seq + 1
where name = 'raw_spans';

-- name: finish_span
-- Put the final version of a span in the place of the one that had not ended, with the id just taken, for those who follow.
update raw_spans
set
  id = (select seq from sqlite_sequence where name = 'raw_spans'),
  resource_id = ?1,
  scope_id = ?2,
  received_at = ?3,
  parent_span_id = ?6,
  trace_state = ?7,
  flags = ?8,
  name = ?9,
  kind = ?10,
  start_time_unix_nano = ?11,
  end_time_unix_nano = ?12,
  status_code = ?13,
  status_message = ?14,
  attributes = ?15,
  dropped_attributes_count = ?16,
  events = ?17,
  dropped_events_count = ?18,
  links = ?19,
  dropped_links_count = ?20,
  repaired = ?21
where trace_id = ?4
and span_id = ?5;

-- name: find_request
-- Find what was answered to the same bytes, if that was not before a time.
select rejected, message
from ingest_requests
where fingerprint = ?
and received_at >= ?;

-- name: add_request
-- Remember what is answered to a request.
insert or replace into ingest_requests (fingerprint, received_at, rejected, message)
values (?, ?, ?, ?);

-- name: forget_requests
-- Forget the oldest requests before a time, a slice at a time.
delete from ingest_requests
where fingerprint in (
  select fingerprint
  from ingest_requests
  where received_at < ?
  order by received_at
  limit ?
);

-- name: add_to_ledger
-- Count a request and its items.
insert into ledger (
  signal, transport, requests, received, stored, duplicate, rejected, repaired, conflicts
)
values (?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (signal, transport) do update
set
  requests = requests + excluded.requests,
  received = received + excluded.received,
  stored = stored + excluded.stored,
  duplicate = duplicate + excluded.duplicate,
  rejected = rejected + excluded.rejected,
  repaired = repaired + excluded.repaired,
  conflicts = conflicts + excluded.conflicts;

-- name: ledger
-- List the ledger's lines.
select signal, transport, requests, received, stored, duplicate, rejected, repaired, conflicts
from ledger
order by signal, transport;

-- name: add_rejection
-- Keep a refused item.
insert into ingest_rejections (
  received_at, signal, transport, encoding, position, reason, message, items, payload
)
values (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: rejections
-- List refused items after an id, oldest first.
select id, received_at, signal, transport, encoding, position, reason, message, items, payload
from ingest_rejections
where id > ?
order by id
limit ?;

-- name: rejection_tally
-- Read how many refused items are kept, their bytes, and how many were forgotten.
select kept, bytes, forgotten
from rejection_tally
where id = 1;

-- name: oldest_rejections
-- List the sizes of the oldest refused items.
select id, octet_length(message) + ifnull(octet_length(payload), 0)
from ingest_rejections
where id > 0
order by id
limit ?;

-- name: forget_rejections
-- Forget refused items up to an id.
delete from ingest_rejections
where id <= ?;

-- name: spans_after
-- List spans in order of arrival, each with its resource and scope.
select *
from spans
where id > ?
order by id
limit ?;

-- name: logs_after
-- List logs in order of arrival, each with its resource and scope.
select *
from log_records
where id > ?
order by id
limit ?;

-- name: points_after
-- List points in order of arrival, each with its resource and scope.
select *
from metric_points
where id > ?
order by id
limit ?;

-- name: tokens
-- List who may come in, or might once.
select id, name, scopes, hash, created_at, expires_at, revoked_at, last_used_at
from access_tokens
order by created_at, id;

-- name: tables
-- List the tables.
select name
from sqlite_schema
where type = 'table'
and name not like 'sqlite_%'
order by name;

-- name: faults
-- Say what is wrong with a table and its indexes: 'ok', or some lines.
select integrity_check
from pragma_integrity_check(?)
limit ?;
