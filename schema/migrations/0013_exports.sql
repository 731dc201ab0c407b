-- How far each exporter has come: the id up to which items of a signal were handed over or given up.
-- `passed` counts items that its filters left out; `retired_at` is when it was no longer configured.

create table export_cursors (
  exporter text not null,
  signal text not null,
  after_id integer not null,
  sent integer not null,
  refused integer not null,
  expired integer not null,
  passed integer not null,
  moved_at text not null,
  retired_at text,
  primary key (exporter, signal)
) strict, without rowid;
