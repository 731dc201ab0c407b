"""Run the daemon as a process: set the interpreter up, listen to signals, serve until told to stop."""

import asyncio
import signal
import sys
from contextlib import AsyncExitStack
from typing import Final

import structlog

from core.memory import collect_seldom, frugal
from spanledger.config import Config
from spanledger.service import Service

log = structlog.get_logger()

SWITCH_INTERVAL_S: Final = 0.001
"""How long a thread may hold the interpreter; the writer must not wait 5 ms for each statement."""


def run(config: Config) -> int:
    """Serve until SIGTERM or SIGINT; give the exit status."""
    frugal()
    collect_seldom()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    return asyncio.run(_run(config))


async def _run(config: Config) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, log.info, "the configuration is read at the start only; restart to apply it")
    async with AsyncExitStack() as stack:
        service = Service(config)
        await service.start(stack)
        await service.watch(stop)
        log.info("stopping")
    log.info("stopped")
    return 0
