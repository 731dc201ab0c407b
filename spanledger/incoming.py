"""Answer `spanledger import`."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

from core.errors import Refused
from spanledger import looking_back, recordings
from spanledger.config import Config
from spanledger.options import NotFound
from spanledger.recordings import NotOtlp, Recorded
from spanledger.sinks import LocalSink, Sent, Sink, opened
from spanledger.terminal import Progress, note, say, say_json

FAILED = 1
TOLD_PROBLEMS = 20


@dataclass(slots=True)
class Tally:
    """Count what was read and what became of it; a collector does not say how many items it stored."""

    files: int = 0
    requests: int = 0
    stored: int | None = None
    duplicate: int | None = None
    rejected: int = 0
    skipped: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, sent: Sent, place: str) -> None:
        """Count one request that was answered."""
        self.requests += 1
        self.rejected += sent.rejected
        if sent.stored is not None and sent.duplicate is not None:
            self.stored = (self.stored or 0) + sent.stored
            self.duplicate = (self.duplicate or 0) + sent.duplicate
        if sent.rejected:
            self.problems.append(f"{place}: {sent.rejected} items refused: {sent.message}")


def show(config: Config, sources: tuple[str, ...], *, as_json: bool) -> int:
    """Send every request found to the sink, and say what became of them."""
    _check_there(sources)
    with opened(config) as sink:
        tally = _send_all(sources, sink)
        where, is_local = sink.where, isinstance(sink, LocalSink)
    if is_local:
        looking_back.catch_up(config)
    if as_json:
        say_json({"to": where, **asdict(tally)})
    else:
        _print(tally, where)
    return FAILED if tally.problems else 0


def _check_there(sources: tuple[str, ...]) -> None:
    missing = [source for source in sources if source != "-" and not Path(source).exists()]
    if missing:
        raise NotFound(f"there is no file or folder {', '.join(missing)}; nothing was imported")


def _send_all(sources: tuple[str, ...], sink: Sink) -> Tally:
    tally = Tally()
    progress = Progress("requests imported")
    try:
        for path, named in recordings.find(sources):
            _send_file(path, sink, tally, progress, named=named)
    finally:
        progress.close()
    return tally


def _send_file(path: Path, sink: Sink, tally: Tally, progress: Progress, *, named: bool) -> None:
    """Send one file; what stands in a folder beside recordings may be something else."""
    before = tally.requests
    problems = len(tally.problems)
    try:
        for recorded in recordings.read(path):
            _send(recorded, sink, tally)
            progress.add(1)
    except NotOtlp as error:
        if named or tally.requests > before:
            tally.problems.append(str(error))
        else:
            del tally.problems[problems:]
            tally.skipped.append(str(path))
    except OSError as error:
        tally.problems.append(f"{path} cannot be read: {error.strerror or error}")
    tally.files += tally.requests > before


def _send(recorded: Recorded, sink: Sink, tally: Tally) -> None:
    if recorded.problem:
        tally.problems.append(f"{recorded.place}: {recorded.problem}")
        return
    try:
        tally.add(sink.send(recorded.signal, recorded.encoding, recorded.body), recorded.place)
    except Refused as error:
        tally.requests += 1
        tally.problems.append(f"{recorded.place}: refused: {error}")


def _print(tally: Tally, where: str) -> None:
    for problem in tally.problems[:TOLD_PROBLEMS]:
        note(problem)
    if len(tally.problems) > TOLD_PROBLEMS:
        note(f"and {len(tally.problems) - TOLD_PROBLEMS} more; --json lists all")
    say(f"{tally.requests} requests from {tally.files} files went to {where}")
    if tally.stored is not None:
        say(f"{tally.stored} items stored, {tally.duplicate} were there already, {tally.rejected} refused")
    elif tally.rejected:
        say(f"{tally.rejected} items refused; see `spanledger rejections`")
    if tally.skipped:
        say(f"{len(tally.skipped)} files hold no OTLP and were skipped")
