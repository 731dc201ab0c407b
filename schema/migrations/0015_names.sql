-- Which names and statuses spans had, and which services they came from, by the hour (since 1970) in which they began: what
-- lists of seldom names are found by, and what there is to choose from. Kept by who derives, in bulk, and bounded: 10,000 names of a
-- kind and 256 in an hour; others, and very long ones, count as '__other__'. `longest` is in nanoseconds.
create table names (
  kind text not null,
  name text not null,
  hour integer not null,
  records integer not null,
  longest integer not null,
  primary key (kind, name, hour)
) strict, without rowid;

insert into names
select
  'span',
  iif(length(s.name) <= 200 and s.name in (select name from raw_spans group by name order by count(*) desc limit 10000), s.name, '__other__'),
  ifnull(s.start_time_unix_nano, 0) / 3600000000000, count(*),
  max(max(ifnull(s.end_time_unix_nano, 0) - ifnull(s.start_time_unix_nano, 0), 0))
from raw_spans as s
group by 2, 3;

insert into names
select
  'service',
  iif(
    length(r.service_name) <= 200
    and r.service_name in (select service_name from resources group by service_name order by count(*) desc limit 10000),
    r.service_name, '__other__'
  ),
  ifnull(s.start_time_unix_nano, 0) / 3600000000000, count(*),
  max(max(ifnull(s.end_time_unix_nano, 0) - ifnull(s.start_time_unix_nano, 0), 0))
from raw_spans as s
join resources as r on r.id = s.resource_id
group by 2, 3;

insert into names
select
  'status', s.status_code, ifnull(s.start_time_unix_nano, 0) / 3600000000000, count(*),
  max(max(ifnull(s.end_time_unix_nano, 0) - ifnull(s.start_time_unix_nano, 0), 0))
from raw_spans as s
group by 2, 3;

insert into derived_positions (signal, after_id)
select 'names/traces', ifnull(max(id), 0)
from raw_spans;

-- Lists the model calls that count nowhere, and finds their days, for filters that the sums by day answer for all others.
create index idx_model_calls_uncounted on model_calls (started_at, call_id, provider, cost_source, cost_nanos)
where counted = 0;

-- Lists tool calls that failed, and looks for words in their errors without reading the rows.
drop index idx_tool_calls_failed;
create index idx_tool_calls_failed on tool_calls (ifnull(timestamp, ''), id, error_type, error_message) where is_error = 1;
