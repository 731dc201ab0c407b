"""Hold what every request passes, whichever port it came in by: gate, admission, ingest."""

from dataclasses import dataclass

from access.gate import Gate
from collector.admission import Admission
from collector.config import Limits
from collector.ingest import Ingest
from collector.rates import Rates
from core.counters import Counters


@dataclass(frozen=True, slots=True)
class Intake:
    """Share one gate, one bound on bytes in flight and one ingest between the listeners."""

    limits: Limits
    gate: Gate
    admission: Admission
    ingest: Ingest
    counters: Counters
    rates: Rates
