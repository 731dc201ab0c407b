"""Start after a crash (reliability.md P6); benchmarks time it with logs of hundreds of megabytes."""

from pathlib import Path

from tests.durability.recovery import crash_with_log, first_answer_s


def test_the_first_answer_comes_soon_after_a_crash(tmp_path: Path) -> None:
    """With a log of 32 MiB to go through, a batch is durable within two seconds of the start."""
    crashed = crash_with_log(tmp_path / "ledger.db", log_bytes=32 << 20)

    assert first_answer_s(crashed) < 2
