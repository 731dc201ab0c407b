"""Values under names that are secret by their name are masked, however deep they stand."""

import json

import pytest

from privacy.names import Names

NAMES = Names(["authorization", "api-key", "password", "set-cookie"])
SECRET = "hunter two"


@pytest.mark.parametrize("name", ["password", "Password", "db.password", "http.request.header.authorization", "apiKey"])
def test_values_are_masked(name: str) -> None:
    """In either case, behind a dot, with any or no separator."""
    assert {name: "[redacted]", "other": SECRET} == json.loads(
        NAMES.masked(json.dumps({name: SECRET, "other": SECRET}))
    )


@pytest.mark.parametrize("name", ["passwords_checked", "my_password_hint_shown", "cookies", "x"])
def test_names_that_only_resemble_stay(name: str) -> None:
    """A name is whole, or stands behind a dot."""
    text = json.dumps({name: SECRET})

    assert text == NAMES.masked(text)


@pytest.mark.parametrize("value", ['quo"te', "back\\slash", 'both\\"', "line\nbreak", "ü", "}"])
def test_whole_values_go(value: str) -> None:
    """Nothing of them is left, whatever they hold."""
    held = {"a": 1, "password": value, "b": "stays"}

    assert {"a": 1, "password": "[redacted]", "b": "stays"} == json.loads(NAMES.masked(json.dumps(held)))


def test_lists_go_as_a_whole() -> None:
    """Headers are lists."""
    held = {"http.response.header.set-cookie": [SECRET, "another"], "b": ["stays"]}

    assert {**held, "http.response.header.set-cookie": ["[redacted]"]} == json.loads(NAMES.masked(json.dumps(held)))


@pytest.mark.parametrize("depth", range(4))
def test_json_within_text_is_seen_through(depth: int) -> None:
    """Arguments of tools are JSON in JSON in JSON."""
    text = json.dumps({"password": SECRET, "b": "stays"})
    for _ in range(depth):
        text = json.dumps({"arguments": text})
    told = NAMES.masked(text)
    held = json.loads(told)
    for _ in range(depth):
        held = json.loads(held["arguments"])

    assert {"password": "[redacted]", "b": "stays"} == held


def test_without_names_nothing_is_looked_for() -> None:
    """There is nothing that it needs."""
    assert "" == Names([]).needs
