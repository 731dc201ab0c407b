-- Every statement about the index of texts, which is a file of its own beside the database.

-- name: make_about
-- Keep how far the index is: places in the list of changes, and in each table during the first reading.
create table about (
  name text primary key,
  value integer not null
) strict, without rowid;

-- name: make_documents
-- Keep which document has which number. Numbers go with time, so that newest first and from when until when are cheap.
create table documents (
  id integer primary key,
  digest integer not null unique,
  source text not null,
  key text not null
) strict;

-- name: make_words
-- Keep where words stand; texts themselves are in the database alone.
create virtual table words using fts5 (
  text, labels,
  content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

-- name: make_vocabulary
-- Tell which words there are, and how many documents hold each.
create virtual table vocabulary using fts5vocab(words, row);

-- name: make_terms
-- Tell which words there are, each once for every place where it stands.
create virtual table terms using fts5vocab(words, instance);

-- name: set_hash_bytes
-- Let so many bytes of words come together before they are written.
insert into words (words, rank)
values ('hashsize', ?);

-- name: clear_words
-- Forget all words.
insert into words (words)
values ('delete-all');

-- name: clear_documents
-- Forget all documents.
delete from documents;

-- name: clear_about
-- Forget how far the index is.
delete from about;

-- name: merge
-- Bring scattered pieces together, so many pages at a time; a negative number begins anew with all of them.
insert into words (words, rank)
values ('merge', ?);

-- name: about
-- Say how far the index is.
select name, value
from about;

-- name: set_about
-- Write down how far the index is.
insert into about (name, value)
values (?, ?)
on conflict (name) do update
set value = excluded.value;

-- name: find
-- Find the numbers of documents by their digests, a JSON array.
select d.digest, d.id
from json_each(?) as k
join documents as d on d.digest = k.value;

-- name: last_number
-- Find the highest number in a second.
select max(id)
from documents
where id >= ?1
and id < ?2;

-- name: add_document
-- Know a document.
insert into documents (id, digest, source, key)
values (?, ?, ?, ?);

-- name: add_words
-- Index a document's words.
insert into words (rowid, text, labels)
values (?, ?, ?);

-- name: remove_document
-- Forget a document.
delete from documents
where id = ?;

-- name: remove_words
-- Forget a document's words.
delete from words
where rowid = ?;

-- name: words_from
-- List words that begin in some way, so many at most: one seek for each, and no look at where they stand.
with recursive found (term) as (
  select (select term from terms where term >= ?1 and term < ?2 limit 1)
  union all
  select (select term from terms where term >= found.term || char(0) and term < ?2 limit 1)
  from found
  where found.term is not null
  limit ?3
)
select term
from found
where term is not null;

-- name: words_by_frequency
-- List all words that begin in some way, those that stand in most documents first: looks at where each stands.
select term, doc
from vocabulary
where term >= ?1
and term < ?2
order by doc desc, term;

-- name: newest
-- List documents that hold words, newest first, before a number.
select w.rowid, d.source, d.key
from words as w
join documents as d on d.id = w.rowid
where w.words match ?1
and w.rowid < ?2
and w.rowid >= ?3
order by w.rowid desc
limit ?4;

-- name: hear
-- Have the newest documents that hold words heard of (store.searching).
select heard(words)
from words
where words match ?1
and rowid < ?2
and rowid >= ?3
order by rowid desc
limit ?4;

-- name: documents
-- Read which documents have some numbers, a JSON array, in its order.
select d.id, d.source, d.key
from json_each(?) as k
join documents as d on d.id = k.value
order by k.key;
