"""What must never reach the disk, and far sides that are not to be trusted: rows 83 to 86."""

import gzip
from pathlib import Path

import orjson
import pytest

from core.errors import TryAgain
from exporters.otlp_http import HttpExporter
from schema.signals import Signal
from spanledger.mistakes import Mistaken
from tests.exporters.far import endless, far, status, taken
from tests.privacy.test_shapes import LETTERS, TOKENS
from tests.support import build
from tests.support.clients import export, post, request
from tests.support.otlp import twin
from tests.support.service import Running, configuration, running

PASSWORD = "correct horse battery staple"
HEADER = "dXNlcjpwYXNzd29yZA=="
PLAIN = 'keep {"me": "safe"}'
KEY = f"-----BEGIN PRIVATE KEY-----\n{LETTERS}\n-----END PRIVATE KEY-----"
SECRETS = [*TOKENS.values(), LETTERS, PASSWORD, HEADER]


def hostile(signal: Signal, secret: str) -> bytes:
    """Write a request with a secret in every place that takes text, in a refused item as well."""
    held = {
        "said": f"use {secret} please",
        "http.request.header.authorization": f"Basic {HEADER}",
        "arguments": orjson.dumps({"password": PASSWORD, "plain": PLAIN}).decode(),
    }
    attributes = build.attributes(held)
    if signal is Signal.TRACES:
        span = build.span(name=secret, attributes=attributes, status={"message": secret})
        span.events.add(name=secret, attributes=attributes)
        bad = build.span(name=secret, trace_id=b"short")
        made = build.traces(span, bad, service=secret)
        made.resource_spans[0].scope_spans[0].scope.name = secret
        return bytes(made.SerializeToString())
    if signal is Signal.LOGS:
        record = build.log(body={"string_value": secret}, attributes=attributes)
        return bytes(build.logs(record, service=secret).SerializeToString())
    return bytes(build.metrics(build.gauge(build.point(attributes=attributes)), service=secret).SerializeToString())


def deliver(service: Running) -> None:
    """Send every secret in every signal, over both transports, compressed too, and a body that is no request."""
    for secret in (*TOKENS.values(), KEY):
        for signal in Signal:
            body = hostile(signal, secret)
            post(service, f"/v1/{signal}", body)
            export(service, signal, hostile(signal, secret))
            zipped = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
            post(service, f"/v1/{signal}", gzip.compress(hostile(signal, secret)), zipped)
        post(service, "/v1/traces", f'{{"resourceSpans": "{secret}"}}'.encode(), {"Content-Type": "application/json"})
    padding = b"".join(hostile(Signal.TRACES, TOKENS["openai"]) for _ in range(60))
    post(service, "/v1/traces", padding)


def test_row_85_row_86_secrets_never_reach_the_disk(tmp_path: Path) -> None:
    """Whatever they came in: neither the database nor its log hold them, rows say so, and their neighbours stay."""
    with running(tmp_path / "kept.db") as service:
        deliver(service)
        files = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
        kept = service.rows("select attributes, repaired from raw_spans")

        assert [] == [secret for secret in SECRETS if secret.encode() in files]
        assert b"[redacted]" in files
        assert all("masked" in row["repaired"] for row in kept)
        assert all(orjson.loads(orjson.loads(row["attributes"])["arguments"])["plain"] == PLAIN for row in kept)
    after = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())

    assert [] == [secret for secret in SECRETS if secret.encode() in after]


def test_row_85_all_is_kept_when_that_is_wanted(tmp_path: Path) -> None:
    """The control: without masking the same search finds them."""
    with running(tmp_path / "kept.db", privacy__secrets="false") as service:
        deliver(service)
        files = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())

    assert SECRETS == [secret for secret in SECRETS if secret.encode() in files]


@pytest.mark.parametrize("mode", ["metadata", "minimal"])
def test_row_85_content_is_not_kept_of_projects_that_do_not_want_it(tmp_path: Path, mode: str) -> None:
    """Another project's is; tokens and names stay, refused items go."""
    said = "what is the weather in Oslo"
    attributes = build.attributes({"gen_ai.input.messages": said, "gen_ai.usage.input_tokens": 12, "note": said})
    with running(tmp_path / "kept.db", privacy__projects=f'{{secret = "{mode}"}}') as service:
        for project in ("secret", "open"):
            made = build.traces(build.span(attributes=attributes))
            made.resource_spans[0].resource.attributes.extend(build.attributes({"project.key": project}))
            post(service, "/v1/traces", made.SerializeToString())
        kept = {
            orjson.loads(row["resource"])["project.key"]: orjson.loads(row["attributes"])
            for row in service.rows("select resource, attributes from spans")
        }

    assert {"gen_ai.usage.input_tokens": 12} == kept["secret"]
    assert said == kept["open"]["note"]


def test_row_85_both_encodings_are_masked_alike(tmp_path: Path) -> None:
    """JSON is no way around."""
    with running(tmp_path / "kept.db") as service:
        for secret in TOKENS.values():
            message = build.traces(build.span(name=secret, attributes=build.attributes({"a": secret})))
            headers = {"Content-Type": "application/json"}
            assert 200 == request(service, "POST", "/v1/traces", orjson.dumps(twin(message)), headers).status

        assert {len(TOKENS)} == {row["n"] for row in service.rows("select count(*) as n from spans")}
        assert not [row for row in service.rows("select name, attributes from spans") if "redacted" not in str(row)]


def test_row_86_a_rule_that_takes_for_ever_is_refused_or_bounded() -> None:
    """What the engine cannot bound is no rule."""
    with pytest.raises(Mistaken, match=r"privacy.rules: .* is not a regular expression"):
        configuration(**{"privacy.rules": r'["(a)\\1"]'})
    configuration(**{"privacy.rules": '["(a+)+$"]'})


def test_row_83_row_84_a_far_side_is_not_trusted() -> None:
    """Only addresses of the configuration are called; no redirect is followed, no more than a little is read."""
    with pytest.raises(Mistaken, match="a URL is wanted"):
        configuration(**{"exporters.x.kind": "otlp/http", "exporters.x.endpoint": "file:///etc/passwd"})
    with far(status(302, Location="http://169.254.169.254/"), taken) as side:
        sender = HttpExporter(side.url, headers={}, compress=False, verify=True, timeout_s=5)
        with pytest.raises(TryAgain, match="HTTP 302"):
            sender.send(Signal.TRACES, b"")
        assert [] == side.requests
    with far(endless) as side:
        sender = HttpExporter(side.url, headers={}, compress=False, verify=True, timeout_s=5)
        assert 0 == sender.send(Signal.TRACES, b"").refused
