"""Files that tools are to write."""

import json
from typing import Any

import pytest

from mapping.emitters import origin_of
from mapping.fields import Reading
from mapping.files import writes
from mapping.record import Record
from schema.signals import Signal

PATCH = "*** Begin Patch\n*** Add File: new.py\n+1\n*** Update File: old.py\n*** Move to: moved.py\n*** End Patch\n"


def reading(scope: str, signal: Signal = Signal.TRACES, **attributes: Any) -> Reading:
    """Read a record with these attributes; keys are written with two underscores for a dot."""
    told = {key.replace("__", "."): value for key, value in attributes.items()}
    record = Record(signal, "key", "execute_tool", 1, 2, "", "", scope=scope, attributes=told)
    return Reading(record, origin_of(record))


def arguments(**told: str) -> Reading:
    """Read a span of the semantic conventions with these arguments."""
    return reading("test", gen_ai__tool__call__arguments=json.dumps(told))


@pytest.mark.parametrize("key", ["file_path", "filePath", "path", "notebook_path", "target_file", "filename"])
def test_a_path_is_found_in_the_arguments(key: str) -> None:
    """Each program calls it otherwise."""
    assert writes(arguments(**{key: "/srv/a.py"}), "write_file") == ("/srv/a.py",)


def test_a_tool_that_writes_nothing_writes_no_file() -> None:
    """A path alone says nothing; nor does a tool that was not told any path."""
    assert writes(arguments(file_path="/srv/a.py"), "Read") == ()
    assert writes(arguments(file_path="/srv/a.py"), None) == ()
    assert writes(arguments(text="a"), "Write") == ()


def test_looking_at_a_file_is_no_writing() -> None:
    """Some editors' tools do both."""
    assert writes(arguments(command="view", path="/srv/a.py"), "str_replace_based_edit_tool") == ()
    assert writes(arguments(command="create", path="/srv/a.py"), "str_replace_based_edit_tool") == ("/srv/a.py",)


@pytest.mark.parametrize("written", [PATCH, json.dumps({"input": PATCH})])
def test_a_patch_names_every_file(written: str) -> None:
    """Added, updated, deleted and moved ones, whether the patch is the argument or inside of it."""
    told = reading("codex_otel.log_only", Signal.LOGS, tool_name="apply_patch", arguments=written)

    assert writes(told, "apply_patch") == ("new.py", "old.py", "moved.py")
