"""Send the daemon's own measurements to another collector, from a thread of its own.

Nothing waits for it and nothing is kept for it: what could not be sent is followed by newer measurements.
Its transport is the exporters': no redirect is followed, and neither proxies nor credentials come from the environment.
"""

import logging
import time
from collections.abc import Callable, Collection, Mapping
from threading import Event, Thread
from typing import Final

from core.counters import Counters
from core.errors import SpanledgerError
from exporters.config import Telemetry
from exporters.exporter import Receiving
from exporters.exports import receiver
from exporters.loops import is_ours
from schema.signals import Signal

log = logging.getLogger(__name__)

STOP_S: Final = 2.0


class Reporting:
    """Start and stop; without an endpoint there is nothing to start, and the OpenTelemetry SDK is not loaded."""

    def __init__(
        self,
        settings: Telemetry,
        counters: Counters,
        resource: Mapping[str, str],
        ports: Callable[[], Collection[int]],
    ) -> None:
        """Describe the daemon by attributes of a resource; `ports` are those that it listens on."""
        self._settings, self._counters, self._resource, self._ports = settings, counters, resource, ports
        self._began = time.time_ns()
        self._over = Event()
        self._failing = False
        self._thread = Thread(target=self._run, name="telemetry", daemon=True)

    def start(self) -> None:
        """Start the thread if there is somebody to send to."""
        if self._settings.endpoint:
            self._thread.start()

    def stop(self) -> None:
        """End it; a request that the far side does not answer is left alone."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def _run(self) -> None:
        from exporters.measurements import Measurements

        if is_ours(self._settings.endpoint, self._ports()):
            log.error("telemetry.endpoint %s is this daemon itself; nothing is sent there", self._settings.endpoint)
            return
        measurements = Measurements(self._counters, self._resource, began=self._began)
        far = receiver(self._settings)
        while not self._over.wait(self._settings.every):
            self._send(far, measurements.request)
        far.close()

    def _send(self, far: Receiving, written: Callable[[int], bytes]) -> None:
        try:
            far.send(Signal.METRICS, written(time.time_ns()))
        except SpanledgerError as trouble:
            self._note(str(trouble))
        except Exception:  # a mistake of ours must not end the thread
            log.exception("measurements could not be written")
            self._note("they could not be written")
        else:
            self._counters.telemetry_requests.labels("taken").inc()
            self._failing = False

    def _note(self, trouble: str) -> None:
        self._counters.telemetry_requests.labels("failed").inc()
        if not self._failing:
            log.warning("measurements cannot be sent: %s", trouble)
        self._failing = True
