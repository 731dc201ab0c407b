"""List the writes that programs may send, and where to."""

from typing import Final

from access.tokens import Scope
from api import entries, jobs, orders, pins, prices, sessions, tokens
from api.tracked import TRACKED
from api.writing import Operation

PREFIX: Final = "/api/v1"

OPERATIONS: Final = {
    operation.name: operation
    for operation in (
        Operation("start_session", "POST", "/sessions", 201, sessions.start),
        Operation("change_session", "PATCH", "/sessions/{session_id}", 200, sessions.change),
        Operation("end_session", "POST", "/sessions/{session_id}/end", 200, sessions.end),
        Operation("save_entry", "POST", "/entries", 201, entries.save),
        Operation("forget_entries", "DELETE", "/entries", 200, entries.forget, scope=Scope.ADMIN),
        Operation("record_job", "POST", "/jobs", 201, jobs.record),
        Operation("set_price", "POST", "/prices", 201, prices.put, order="prices", scope=Scope.ADMIN),
        Operation("remove_price", "POST", "/prices/remove", 200, prices.remove, order="prices", scope=Scope.ADMIN),
        Operation("import_prices", "POST", "/prices/import", 200, prices.take, order="prices", scope=Scope.ADMIN),
        Operation("rebuild", "POST", "/rebuild", 202, orders.nothing, order="rebuild", scope=Scope.ADMIN),
        Operation("rebuild_search", "POST", "/search/rebuild", 202, orders.nothing, order="search", scope=Scope.ADMIN),
        Operation("recost", "POST", "/recost", 202, orders.nothing, order="recost", scope=Scope.ADMIN),
        Operation("make_token", "POST", "/tokens", 201, tokens.put, scope=Scope.ADMIN),
        Operation("revoke_token", "DELETE", "/tokens/{token_id}", 200, tokens.revoke, scope=Scope.ADMIN),
        Operation("pin", "POST", "/pins", 201, pins.put, scope=Scope.ADMIN),
        Operation("unpin", "POST", "/pins/remove", 200, pins.remove, scope=Scope.ADMIN),
        *TRACKED,
    )
}
