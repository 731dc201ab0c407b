-- What is asked of a copy before it is trusted.

-- name: balance
-- Compare the books with the rows: stored, there, forgotten.
select
  'traces', (select ifnull(sum(stored), 0) from ledger where signal = 'traces'), (select count(*) from raw_spans),
  (select rows from forgotten where name = 'raw_spans')
union all
select
  'logs', (select ifnull(sum(stored), 0) from ledger where signal = 'logs'), (select count(*) from raw_logs),
  (select rows from forgotten where name = 'raw_logs')
union all
select
  'metrics', (select ifnull(sum(stored), 0) from ledger where signal = 'metrics'), (select count(*) from raw_points),
  (select rows from forgotten where name = 'raw_points');
