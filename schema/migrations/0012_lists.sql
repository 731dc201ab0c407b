-- What lists are read by: newest first, so that a page takes as long on a million rows as on a hundred.

-- Lists traces by their roots, and leaves those of another status out without reading them.
create index raw_spans_roots on raw_spans (start_time_unix_nano, id, status_code) where parent_span_id is null;

-- Lists spans that failed.
create index raw_spans_failed on raw_spans (start_time_unix_nano) where status_code = 2;

-- Lists spans of kinds that agents seldom send; most are internal or a client's.
create index raw_spans_kind on raw_spans (kind, start_time_unix_nano) where kind = 0 or kind = 2 or kind = 4 or kind = 5;

-- Lists model calls: all, those that failed, those of a model or an agent.
drop index idx_model_calls_started;
create index idx_model_calls_started on model_calls (started_at, call_id);
create index idx_model_calls_failed on model_calls (started_at, call_id) where status = 'error';
create index idx_model_calls_model on model_calls (model, started_at, call_id);
create index idx_model_calls_agent on model_calls (agent_name, started_at, call_id);

-- Lists tool calls, those that failed, and those about files.
create index idx_tool_calls_time on tool_calls (ifnull(timestamp, ''), id);
create index idx_tool_calls_failed on tool_calls (ifnull(timestamp, ''), id) where is_error = 1;
create index idx_tool_calls_file on tool_calls (ifnull(timestamp, ''), id, file_path) where file_path is not null;

-- Lists events and runs of agents.
create index idx_events_time on events (timestamp, id);
create index idx_agents_time on agents (ifnull(started_at, ''), agent_id);
