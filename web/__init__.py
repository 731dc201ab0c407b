"""Show what agents did: pages at `/`, made by the server, readable without JavaScript.

Whatever was recorded is shown as text and never obeyed: templates escape, control characters become visible,
and the content security policy lets nothing run but our own files. A page only reads; its questions are bounded.
Must not know how records arrive, or how rows are kept.
"""
