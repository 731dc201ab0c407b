-- Who may come in, and who changed what.
-- `hash` is the SHA-256 of a token; the token itself is shown once and kept nowhere.
-- `scopes` are words with commas between them.

create table access_tokens (
  id text primary key not null,
  name text not null,
  scopes text not null,
  hash blob not null unique,
  created_at text not null,
  expires_at text,
  revoked_at text,
  last_used_at text
) strict, without rowid;

-- `who` is a token's id, or who could write the database itself.
create table audit_log (
  id integer primary key autoincrement,
  at text not null,
  who text not null,
  address text not null,
  action text not null,
  detail text not null
) strict;
