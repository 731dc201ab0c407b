"""Mirror `spanledger.api_page`: every example in the page is what the service answers."""

import re
import shlex
from pathlib import Path

import orjson

from api.questions import QUESTIONS
from spanledger.api_page import ABOUT, api_page
from tests.support.api import ask
from tests.support.clients import request
from tests.support.service import running
from tests.support.told import job

EXAMPLE = re.compile(r"```sh\n(curl [^`]+)\n```\n\n```(json|csv)\n([^`]+)\n```")


def test_examples_are_real(tmp_path: Path) -> None:
    """What stands behind each curl in the page is the answer, but for white space."""
    examples = EXAMPLE.findall(ABOUT)
    with running(tmp_path / "x.db") as service:
        for number in range(3):
            told = job(id=f"job-{number}", started_at=f"2026-02-1{number}T10:00:00Z")
            ask(service, "/jobs", method="POST", body=told, status=201)
        for command, kind, expected in examples:
            words = shlex.split(command)
            url = next(word for word in words if word.startswith("http://"))
            headers = dict(words[at + 1].split(": ") for at, word in enumerate(words) if word == "-H")
            body = words[words.index("-d") + 1].encode() if "-d" in words else None
            path = "/" + url.split("/", 3)[3]
            reply = request(service, "POST" if body else "GET", path, body, headers)
            if kind == "json":
                assert orjson.loads(expected) == orjson.loads(reply.body), command
            else:
                assert expected.split() == reply.body.decode().split(), command

    assert 5 == len(examples)


def test_everything_is_on_the_page() -> None:
    """Each question and each object has its place."""
    page = api_page()

    assert all(f"### GET /api/v1{question.path.split(':')[0].rstrip('{')}" in page for question in QUESTIONS)
    assert all(f"### {question.gives.name}\n" in page for question in QUESTIONS)
