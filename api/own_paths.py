"""Describe the paths that are neither questions nor operations: each is answered by a module of its own."""

from typing import Final

from api import exporting, rejections
from api.bodies import fields, schema
from api.console import ANSWER, BODY
from api.formats import CSV, JSON, LINES
from api.operations import PREFIX
from api.replies import HEADERS, WRITE_ERRORS, Document, object_of, problems, sent

DERIVED: Final = {
    "get": {
        "operationId": "get_derived",
        "summary": "Say how far the derived tables are behind, and which order is carried out.",
        "tags": ["derived"],
        "responses": {
            "200": {"description": "The state.", "content": {JSON: {"schema": {"type": "object"}}}},
            **problems(("400", "401", "403")),
        },
    }
}
FORMS: Final = {JSON: {"schema": ANSWER}, LINES: {"schema": {"type": "string"}}, CSV: {"schema": {"type": "string"}}}
MORE: Final = {"Truncated": {"description": "Whether there is more than was given.", "schema": {"type": "string"}}}
RUN: Final = {"description": "What it gives.", "headers": MORE, "content": FORMS}
SQL: Final[Document] = {
    "summary": "Run one read-only statement of SQL, for ten seconds at most.",
    "description": "What may be read is listed by /api/v1/schema. A mistake is told with its position.",
    "tags": ["sql"],
}
SQL_ERRORS: Final = ("400", "401", "403", "406", "503", "504")
TABLES: Final[Document] = {
    "operationId": "get_schema",
    "summary": "List what may be read with SQL: tables, columns, and statements to begin with.",
    "tags": ["sql"],
    "responses": {
        "200": {"description": "The tables.", "content": {JSON: {"schema": {"type": "object"}}}},
        **problems(("304", "400", "401", "403", "406")),
    },
}
TOKENS: Final[Document] = {
    "operationId": "get_tokens",
    "summary": "List the tokens that were made.",
    "tags": ["tokens"],
    "responses": {
        "200": {"description": "The tokens.", "content": {JSON: {"schema": {"type": "object"}}}},
        **problems(("400", "401", "403", "503")),
    },
}
SYNCED: Final = fields(
    (
        ("path", "text!", "A session directory, a project or a file, inside the folders that are mirrored."),
        ("wait", "number", "How many seconds to wait until it is done, 30 at most; by default none."),
    )
)
REPLAY: Final[Document] = {
    "operationId": "replay_rejections",
    "summary": "Send refused items again: what can be kept now is kept, the rest stays as it is listed.",
    "description": "Either `ids` or `all` must be given. A round ends after some time; `next` says where to go on.",
    "tags": ["rejections"],
    "requestBody": {"required": True, "content": {JSON: {"schema": schema(rejections.BODY)}}},
    "responses": {
        "200": {"description": "What became of each.", "content": {JSON: {"schema": object_of(rejections.GIVES)}}},
        **problems(WRITE_ERRORS),
    },
}
SYNC: Final[Document] = {
    "get": {
        "operationId": "get_sync",
        "summary": "Say which session directories are mirrored, and how that goes.",
        "tags": ["sync"],
        "responses": {
            "200": {"description": "The state.", "content": {JSON: {"schema": {"type": "object"}}}},
            **problems(("400", "401", "403")),
        },
    },
    "post": {
        "operationId": "sync",
        "summary": "Read a session directory, or all below a directory.",
        "tags": ["sync"],
        "requestBody": {"required": True, "content": {JSON: {"schema": schema(SYNCED)}}},
        "responses": {
            "200": {"description": "It is done.", "content": {JSON: {"schema": {"type": "object"}}}},
            "202": {"description": "It is queued.", "content": {JSON: {"schema": {"type": "object"}}}},
            **problems(WRITE_ERRORS),
        },
    },
}
EXPORT: Final[Document] = {
    "operationId": "export",
    "summary": "Give all records of a signal as OTLP JSON lines, one request a line, in the order in which they came.",
    "description": (
        "What is given can be sent to any OTLP receiver, or taken in again by `spanledger import`. It is sent as it is"
        " taken; a caller that takes nothing for a minute is hung up on."
    ),
    "tags": ["export"],
    "parameters": [
        {
            "name": "signal",
            "in": "path",
            "required": True,
            "description": "Which records.",
            "schema": {"type": "string", "enum": list(exporting.WORDS)},
        }
    ],
    "responses": {
        "200": {"description": "The records.", "content": {LINES: {"schema": {"type": "string"}}}},
        **problems(("400", "401", "403", "404", "406", "503")),
    },
}
OWN: Final[Document] = {
    exporting.PATH: {"get": EXPORT},
    rejections.PATH: {"post": REPLAY},
    f"{PREFIX}/sync": SYNC,
    f"{PREFIX}/schema": {"get": TABLES},
    f"{PREFIX}/tokens": {"get": TOKENS},
    f"{PREFIX}/sql": {
        "get": {
            **SQL,
            "operationId": "get_sql",
            "parameters": [sent(one, "query") for one in BODY],
            "responses": {"200": RUN, **problems(SQL_ERRORS)},
        },
        "post": {
            **SQL,
            "operationId": "post_sql",
            "requestBody": {"required": True, "content": {JSON: {"schema": schema(BODY)}}},
            "responses": {"200": RUN, **problems((*SQL_ERRORS, "408", "413", "415"))},
        },
    },
    f"{PREFIX}/derived": DERIVED,
    f"{PREFIX}/openapi.json": {
        "get": {
            "operationId": "get_openapi",
            "summary": "Give this description.",
            "tags": ["openapi"],
            "responses": {
                "200": {
                    "description": "OpenAPI 3.1.",
                    "headers": HEADERS,
                    "content": {JSON: {"schema": {"type": "object"}}},
                },
                **problems(("304", "400", "401", "403", "406")),
            },
        }
    },
}
