"""Say when jobs and sessions are taken to be over, and how long commands wait."""

from core.section import Duration, Section


class Derive(Section):
    """Derive sessions, jobs, calls and costs from what was received."""

    job_grace: Duration = 10
    """How long after the end of a job's root its other records are waited for before it is written to job_history."""
    session_idle: Duration = 30 * 60
    """How long after its last record a session, or a job without an end of its own, is taken to be over."""
    park: Duration = 600
    """How long a command about a plan, an experiment or something else that is not there yet waits for it."""
