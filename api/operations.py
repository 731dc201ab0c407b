"""List the writes that programs may send, and where to."""

from typing import Final

from access.tokens import Scope
from api import entries, jobs, orders, prices, sessions, tokens
from api.answers import truth, typed, whole, word
from api.tracked import TRACKED
from api.writing import Operation

PREFIX: Final = "/api/v1"
SESSION: Final = {"session_id": word("The session.")}
CREATED: Final = {"created": truth("Whether it is new.")}

OPERATIONS: Final = {
    operation.name: operation
    for operation in (
        Operation(
            "start_session",
            "POST",
            "/sessions",
            201,
            sessions.start,
            says="Start a session; one that is there already stays as it is.",
            fields=sessions.STARTED,
            gives={**SESSION, **CREATED},
        ),
        Operation(
            "change_session",
            "PATCH",
            "/sessions/{session_id}",
            200,
            sessions.change,
            says="Set the issues that a session claimed, the skills that it used, the tokens of its context.",
            fields=sessions.CHANGED,
            gives=SESSION,
        ),
        Operation(
            "end_session",
            "POST",
            "/sessions/{session_id}/end",
            200,
            sessions.end,
            says="End a session.",
            fields=sessions.ENDED,
            gives={
                **SESSION,
                "ended_at": word("When it ended."),
                "exit_reason": word("Why it ended.", sessions.EXIT_REASONS),
            },
        ),
        Operation(
            "save_entry",
            "POST",
            "/entries",
            201,
            entries.save,
            says="Save an entry of what an agent did; the same id again puts it anew.",
            fields=entries.SAVED,
            gives={"trace_id": word("The entry."), "session_id": typed("string", "The session.")},
        ),
        Operation(
            "forget_entries",
            "DELETE",
            "/entries",
            200,
            entries.forget,
            scope=Scope.ADMIN,
            says="Forget a slice of the entries that programs saved so many days ago or earlier.",
            fields=entries.FORGOTTEN,
            gives={"removed": whole("Entries that are forgotten."), "more": truth("Whether to ask again.")},
        ),
        Operation(
            "record_job",
            "POST",
            "/jobs",
            201,
            jobs.record,
            says="Record a job that is over, with its tool calls and subagents; the same id again replaces all of it.",
            fields=jobs.OWN,
            gives={"id": word("The job.")},
        ),
        Operation(
            "set_price",
            "POST",
            "/prices",
            201,
            prices.put,
            order="prices",
            scope=Scope.ADMIN,
            says="Set a price of a model, in dollars a million tokens; calls are priced anew.",
            fields=prices.SET,
            gives={"model": word("The model."), "provider": word("Who serves it.")},
        ),
        Operation(
            "remove_price",
            "POST",
            "/prices/remove",
            200,
            prices.remove,
            order="prices",
            scope=Scope.ADMIN,
            says="Forget a price that was set; calls are priced anew.",
            fields=prices.REMOVED,
            gives={"model": word("The model.")},
        ),
        Operation(
            "import_prices",
            "POST",
            "/prices/import",
            200,
            prices.take,
            order="prices",
            scope=Scope.ADMIN,
            says="Import LiteLLM's prices in place of those imported before; calls are priced anew.",
            fields=prices.TAKEN,
            gives={name: whole(f"Prices that were {name}.") for name in ("imported", "skipped", "tiered")},
        ),
        Operation(
            "rebuild",
            "POST",
            "/rebuild",
            202,
            orders.nothing,
            order="rebuild",
            scope=Scope.ADMIN,
            says="Make the derived tables anew from the raw records.",
        ),
        Operation(
            "recost",
            "POST",
            "/recost",
            202,
            orders.nothing,
            order="recost",
            scope=Scope.ADMIN,
            says="Price all calls anew.",
        ),
        Operation(
            "rebuild_search",
            "POST",
            "/search/rebuild",
            202,
            orders.nothing,
            order="search",
            scope=Scope.ADMIN,
            says="Make the index of texts anew.",
        ),
        Operation(
            "make_token",
            "POST",
            "/tokens",
            201,
            tokens.put,
            scope=Scope.ADMIN,
            says="Make a token; the answer shows it this once.",
            fields=tokens.MADE,
            gives=tokens.TOLD,
        ),
        Operation(
            "revoke_token",
            "DELETE",
            "/tokens/{token_id}",
            200,
            tokens.revoke,
            scope=Scope.ADMIN,
            says="Let a token in no more.",
            fields=tokens.REVOKED,
            gives={"id": word("The token."), "revoked_at": word("When it was revoked.")},
        ),
        *TRACKED,
    )
}
