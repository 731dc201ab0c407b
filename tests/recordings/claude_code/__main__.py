"""Write the three sources into the corpus."""

from tests.recordings.claude_code.recording import SIGNALS, write
from tests.support.corpus import CORPUS

if __name__ == "__main__":
    for name in SIGNALS:
        write(name, CORPUS)
