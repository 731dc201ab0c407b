-- Which sessions were erased: only the SHA-256 of each id, so that what comes late for one of them is erased as well.
-- `done_at` is null while the work goes on, and a daemon that ended in the middle goes on with it: until rows and archives
-- are without it `name` says what is erased, and until the files are written anew `kind` says that it was asked for.
create table erased (
  id integer primary key autoincrement,
  hash text not null unique,
  begun_at text not null,
  done_at text,
  kind text check (kind in ('session', 'trace', 'user')),
  name text
) strict;

-- Finds what was erased lately.
create index idx_erased_begun on erased (begun_at);

-- How many raw rows lost their texts and are still there.
insert into forgotten (name, rows) values ('span_texts', 0), ('log_texts', 0);
