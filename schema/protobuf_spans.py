"""Read spans from protobuf."""

from schema.items import Head
from schema.protobuf_values import Message, attributes
from schema.rows import Row
from schema.spans import event, link, span_row
from schema.values import Notes, Plain


def read_span(span: Message, head: Head, notes: Notes) -> Row:
    """Make the row of a protobuf Span."""
    status = span.status
    events, links = span.events, span.links
    return span_row(
        head,
        span.trace_id,
        span.span_id,
        span.parent_span_id,
        span.trace_state,
        span.flags,
        span.name,
        span.kind,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        status.code,
        status.message,
        attributes(span.attributes, notes),
        span.dropped_attributes_count,
        [_event(item, notes) for item in events] if events else [],
        span.dropped_events_count,
        [_link(item, notes) for item in links] if links else [],
        span.dropped_links_count,
        notes,
    )


def _event(item: Message, notes: Notes) -> Plain:
    return event(item.time_unix_nano, item.name, attributes(item.attributes, notes), item.dropped_attributes_count)


def _link(item: Message, notes: Notes) -> Plain:
    return link(
        item.trace_id,
        item.span_id,
        item.trace_state,
        attributes(item.attributes, notes),
        item.dropped_attributes_count,
        item.flags,
    )
