"""Work out what a power cut leaves of files, from a log of what was done to them."""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Literal

from tests.durability.recording_vfs import Operation

SECTOR = 512
MODES: tuple[Literal["drop", "subset", "torn"], ...] = ("drop", "subset", "torn")
Files = dict[str, bytearray]


def cuts(
    log: Sequence[Operation], number: int, *, seed: int, before: Mapping[str, bytes] | None = None
) -> Iterator[tuple[Files, int]]:
    """Give what is on the disk after a cut, and how many groups had been acknowledged by then.

    `before` is what was there durably when the log began.
    """
    random = Random(seed)
    return _at(log, Counter(random.randrange(len(log)) for _ in range(number)), random, before or {})


def _at(
    log: Sequence[Operation], moments: Counter[int], random: Random, before: Mapping[str, bytes]
) -> Iterator[tuple[Files, int]]:
    durable: Files = {suffix: bytearray(content) for suffix, content in before.items()}
    pending: dict[str, list[Operation]] = {}
    acks = 0
    for moment, operation in enumerate(log):
        for _ in range(moments[moment]):
            yield survivors(durable, pending, random), acks
        waiting = pending.setdefault(operation.suffix, [])
        if operation.kind == "ack":
            acks += 1
        elif operation.kind == "delete":
            durable.pop(operation.suffix, None)
            waiting.clear()
        elif operation.kind == "sync":
            _apply(durable, waiting)
            waiting.clear()
        else:
            waiting.append(operation)


def survivors(durable: Files, pending: dict[str, list[Operation]], random: Random) -> Files:
    """Keep what was synced, and of the rest nothing, some operations, or some sectors."""
    files = {suffix: bytearray(content) for suffix, content in durable.items()}
    mode = random.choice(MODES)
    for operations in pending.values():
        if mode == "subset":
            _apply(files, [operation for operation in operations if random.random() < 0.5])
        elif mode == "torn":
            _apply(files, [part for operation in operations for part in _sectors(operation) if random.random() < 0.5])
    return files


def put_back(folder: Path, files: Files) -> Path:
    """Write the files of a cut, as they are found when the power is back."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path = folder / "cut.db"
    path.touch()
    for suffix, content in files.items():
        path.with_name(path.name + suffix).write_bytes(content)
    return path


def _sectors(operation: Operation) -> Iterator[Operation]:
    """Tear a write at the boundaries of sectors; anything else stays whole."""
    if operation.kind != "write":
        yield operation
        return
    start = 0
    while start < len(operation.data):
        size = SECTOR - (operation.offset + start) % SECTOR
        part = operation.data[start : start + size]
        yield Operation("write", operation.suffix, operation.offset + start, part)
        start += size


def _apply(files: Files, operations: Sequence[Operation]) -> None:
    for operation in operations:
        content = files.setdefault(operation.suffix, bytearray())
        if operation.kind == "truncate":
            del content[operation.offset :]
        else:
            content.extend(bytes(max(0, operation.offset - len(content))))
            content[operation.offset : operation.offset + len(operation.data)] = operation.data
