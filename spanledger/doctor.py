"""Answer `spanledger doctor`: look for what is wrong, and say what to do."""

import http.client
import shutil
import stat
import time
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from collector.guard import LOOPBACK_NAMES
from collector.ports import holder as port_holder
from core.errors import Misconfigured, SpanledgerError
from core.section import Address
from spanledger.config import Config
from spanledger.drift import quiet, updates
from spanledger.findings import FAIL, OK, WARN, Finding, Findings
from spanledger.keeping_checks import damaged, retention, tables
from spanledger.options import database, reading
from spanledger.sinks import reachable
from spanledger.status import last_received, waiting_texts
from spanledger.terminal import NANOSECONDS, human_bytes, human_time, say, say_json
from store import lock
from store.connection import check_sqlite
from store.disk import network_filesystem

Check = Callable[[Config], Findings]

FAILED = 1
OTHERS = 0o077
EARLIEST = 1_750_000_000
"""A clock before this has not been set."""
AHEAD_S = 60
PROBE_TIMEOUT_S = 3.0
TOLD_BROKEN = 10
LATE = 10_000
"""Texts that may wait for the index without anybody being told."""
DRIFT_S = 2.0
"""How long one question about what changed may take."""


def show(config: Config, *, as_json: bool, also: tuple[Check, ...] = ()) -> int:
    """Run every check and print what it found; the exit status is 1 when one failed."""
    found = list(examine(config, also))
    if as_json:
        say_json([asdict(finding) for finding in found])
    else:
        for finding in found:
            remedy = f" -> {finding.remedy}" if finding.remedy else ""
            say(f"{finding.level:<5} {finding.check:<12} {finding.text}{remedy}")
    return FAILED if any(finding.level == FAIL for finding in found) else 0


def examine(config: Config, also: tuple[Check, ...] = ()) -> Findings:
    """Run every check; one that breaks is a finding and costs the others nothing."""
    for check in (*CHECKS, *also):
        try:
            yield from check(config)
        except (OSError, SpanledgerError) as error:
            yield Finding(check.__name__.strip("_"), FAIL, str(error), "mend that and look again")


def _sqlite(_config: Config) -> Findings:
    bundled = ".".join(version("apsw").split(".")[:3])
    try:
        check_sqlite(bundled)
    except Misconfigured as error:
        yield Finding("sqlite", FAIL, str(error), "upgrade apsw")
    else:
        yield Finding("sqlite", OK, f"SQLite {bundled}")


def _database(config: Config) -> Findings:
    path = database(config)
    if not path.exists():
        yield Finding(
            "database", WARN, f"there is none at {path} yet", "start `spanledger serve`, or name another with --db"
        )
        return
    with reading(config) as side:
        stored = sum(line.stored for line in side.ledger())
        refused = side.tally().kept
    yield Finding("database", OK, f"{path}, {human_bytes(path.stat().st_size)}, {stored} items")
    if path.stat().st_mode & OTHERS:
        yield Finding("privacy", WARN, f"{path} can be read by other users", f"chmod 600 {path}")
    if _may_be_replaced(path):
        text = f"other users may put another file in the place of {path}"
        yield Finding("privacy", WARN, text, f"chmod go-w {path.parent}")
    if refused:
        yield Finding("refused", WARN, f"{refused} items were refused", "look at them with `spanledger rejections`")


def _may_be_replaced(path: Path) -> bool:
    """Say whether others may write to the folder; a sticky one keeps each from the files of the others."""
    mode = path.parent.stat().st_mode
    return bool(mode & (stat.S_IWGRP | stat.S_IWOTH)) and not mode & stat.S_ISVTX


def _collector(config: Config) -> Findings:
    running = lock.read(database(config))
    if running is None:
        yield Finding("collector", WARN, "none runs on this database", "start `spanledger serve`")
        return
    reason = _not_ready(Address.parse(running.http), config) if running.http else ""
    if reason:
        yield Finding("collector", FAIL, f"{running} is not ready: {reason}", "look at its log")
    else:
        yield Finding("collector", OK, str(running))


def _not_ready(address: Address, config: Config) -> str:
    """Ask the collector itself; TLS is left alone, the lock has shown that it lives."""
    if config.collector.http.tls is not None:
        return ""
    connection = http.client.HTTPConnection(*reachable(address), timeout=PROBE_TIMEOUT_S)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        told = response.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return f"{address} does not answer ({str(error) or type(error).__name__})"
    finally:
        connection.close()
    return "" if response.status == http.HTTPStatus.OK else told.strip()


def _ports(config: Config) -> Findings:
    running = lock.read(database(config))
    own = {running.grpc, running.http} if running else set()
    for name, part in (("grpc", config.collector.grpc), ("http", config.collector.http)):
        if part.endpoint is None:
            yield Finding(name, OK, "off")
        elif str(part.endpoint) in own:
            yield Finding(name, OK, f"{part.endpoint}, held by the collector")
        else:
            yield _port(name, part.endpoint)


def _port(name: str, address: Address) -> Finding:
    who = port_holder(address.port) if address.port else ""
    if who:
        remedy = f"stop it, or set collector.{name}.endpoint"
        return Finding(name, FAIL, f"{address} is in use by {who}", remedy)
    return Finding(name, OK, f"{address} is free")


def _exposure(config: Config) -> Findings:
    settings = config.collector
    open_to_all = [
        str(part.endpoint)
        for part in (settings.grpc, settings.http)
        if part.endpoint is not None and part.endpoint.host not in LOOPBACK_NAMES
    ]
    reached = f"{', '.join(open_to_all)} can be reached from other machines"
    if open_to_all and settings.insecure_no_auth and not settings.tokens:
        yield Finding("exposure", WARN, f"{reached} without a token", "make one with `spanledger token make NAME`")
    elif open_to_all:
        yield Finding("exposure", OK, f"{reached}, with a token alone")
    else:
        yield Finding("exposure", OK, "only this machine can connect")


def _disk(config: Config) -> Findings:
    place = _existing(database(config))
    usage = shutil.disk_usage(place)
    needed = max(config.store.min_free_disk, int(usage.total * config.store.min_free_percent / 100))
    text = f"{human_bytes(usage.free)} free of {human_bytes(usage.total)}, {human_bytes(needed)} must stay free"
    if usage.free < needed:
        yield Finding("disk", FAIL, text, "make room; nothing is taken until then")
    elif usage.free < 2 * needed:
        yield Finding("disk", WARN, text, "make room soon")
    else:
        yield Finding("disk", OK, text)


def _filesystem(config: Config) -> Findings:
    kind = network_filesystem(_existing(database(config)))
    if kind:
        yield Finding("filesystem", FAIL, f"the database is on {kind}, where its locks do not hold", "use a local disk")
    else:
        yield Finding("filesystem", OK, "local")


def _durability(config: Config) -> Findings:
    if config.store.durability == "full":
        yield Finding("durability", OK, "full: what is answered survives a power cut")
    else:
        yield Finding(
            "durability", WARN, "relaxed: a power cut may lose the last seconds", 'set store.durability = "full"'
        )


def _clock(config: Config) -> Findings:
    now = time.time_ns()
    newest = None
    if database(config).exists():
        with reading(config) as side:
            newest = last_received(side)
    shown = human_time(now)
    if now < EARLIEST * NANOSECONDS:
        yield Finding("clock", FAIL, f"it shows {shown}", "set it; times of receipt are wrong")
    elif newest is not None and newest > now + AHEAD_S * NANOSECONDS:
        text = f"it shows {shown}, but items were received at {human_time(newest)}"
        yield Finding("clock", WARN, text, "set the clock; it went back")
    else:
        yield Finding("clock", OK, shown)


def _sync(config: Config) -> Findings:
    """Name session directories that cannot be read, and configured paths that are not there."""
    gone = [str(path) for path in config.sync.paths if not path.expanduser().exists()]
    if gone:
        yield Finding("sync", WARN, f"{', '.join(gone)} is not there", "correct [sync] paths")
    if not database(config).exists():
        return
    with reading(config) as side:
        broken = side.report("mirror_troubles", limit=TOLD_BROKEN)
    for one in broken:
        yield Finding("sync", WARN, f"{one['path']}: {one['reason']}", "mend the file; its last good rows are kept")
    if config.sync.paths and not gone and not broken:
        yield Finding("sync", OK, f"{', '.join(map(str, config.sync.paths))} can be read")


def _index(config: Config) -> Findings:
    """Say how far the index of texts is behind what can be searched."""
    path = database(config)
    if not path.exists():
        return
    with reading(config) as side:
        state = side.search_state()
    waiting, running = waiting_texts(state), lock.read(path) is not None
    if not state.exists:
        text = "there is no index of texts, and the collector makes one" if running else "there is no index of texts"
        yield Finding("search", OK if running else WARN, text, "" if running else "`spanledger serve` makes it")
    elif waiting > LATE and not running:
        yield Finding("search", WARN, f"{waiting} texts are not in the index yet", "`spanledger serve` goes on with it")
    elif waiting > LATE:
        remedy = "wait; if it does not shrink, look at the log, or `spanledger rebuild --search`"
        yield Finding("search", WARN, f"{waiting} texts are not in the index yet", remedy)
    else:
        yield Finding("search", OK, f"the index of texts is {waiting} texts behind")


def _updates(config: Config) -> Findings:
    if database(config).exists():
        with reading(config, deadline_s=DRIFT_S) as side:
            yield from updates(side)


def _quiet(config: Config) -> Findings:
    if database(config).exists():
        with reading(config, deadline_s=DRIFT_S) as side:
            yield from quiet(side, time.time_ns())


def _existing(path: Path) -> Path:
    """Find the nearest folder that is there."""
    return next(folder for folder in (path, *path.absolute().parents) if folder.exists())


CHECKS: tuple[Check, ...] = (
    _sqlite,
    _database,
    _collector,
    _ports,
    _exposure,
    _disk,
    _filesystem,
    _durability,
    _clock,
    _sync,
    _index,
    _updates,
    _quiet,
    retention,
    damaged,
    tables,
)
