"""Do one write for another process, which must not open the database itself: `python -m spanledger.errand`.

Standard input has the operation's name, its values and the database; standard output gets the answer or the error.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from core.children import environment
from core.errors import Ambiguous, Invalid, Misconfigured, Missing, Refused, SpanledgerError, StoreBusy

KINDS: Final[Mapping[str, type[Refused]]] = {kind.__name__: kind for kind in (Ambiguous, Invalid, Missing, Refused)}
TIMEOUT_S: Final = 60.0


def run(name: str, values: Mapping[str, Any], *, db: Path) -> dict[str, Any]:
    """Have a write done, and give its answer or raise its error."""
    told = json.dumps({"name": name, "values": values, "db": str(db)})
    done = subprocess.run(
        [sys.executable, "-m", "spanledger.errand"],
        input=told,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env=environment(),
        check=False,
    )
    if done.returncode:
        raise StoreBusy(f"the process that was to write failed: {done.stderr.strip()[-500:]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    if "error" not in answer:
        return answer
    if answer["error"] in KINDS:
        raise KINDS[answer["error"]](answer["message"], told=answer["told"])
    raise Misconfigured(answer["message"])


def main() -> None:
    """Do what standard input says."""
    from spanledger.hands import send

    told = json.load(sys.stdin)
    try:
        answer = send(told["name"], told["values"], db=told["db"])
    except SpanledgerError as error:
        more = dict(error.told) if isinstance(error, Refused) else {}
        answer = {"error": type(error).__name__, "message": str(error), "told": more}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
