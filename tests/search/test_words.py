"""Prove how text is cut into words."""

import pytest

from search.words import indexed, phrase


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("parseHttpRequest", "parse Http Request\nparsehttprequest"),
        ("HTTPServerError", "HTTP Server Error\nhttpservererror"),
        ("MAX_SIZE snake_case a.b", "MAX_SIZE snake_case a.b\n"),
        ("数据库", " 数据 据库 库 \n"),
        ("a数b", "a 数 b\n"),
        ('[{"role":"user","parts":[{"type":"text","content":"two\\nlines \\u00e9"}]}]', '[{  [{  "two\nlines é"}]}]\n'),
        ('not JSON: "role":"user" \\n', 'not JSON: "role":"user" \\n\n'),
    ],
)
def test_what_is_indexed(text: str, written: str) -> None:
    """Names are parted and whole, dense writing is in pairs, and the frame of recorded messages is no text."""
    assert written == indexed([text])


def test_data_is_not_parted() -> None:
    """A long run of letters is no name."""
    run = "aB" * 200

    assert f"{run}\n" == indexed([run])


@pytest.mark.parametrize(
    ("text", "prefix", "wanted"),
    [
        ("KeyError", False, ("Key Error", False)),
        ("plain", True, ("plain", True)),
        ("数据库", False, ("数据 据库", False)),
        ("库", False, ("库", True)),
        ("数据b", False, ("数据 据 b", False)),
    ],
)
def test_a_question_is_cut_the_same_way(text: str, prefix: bool, wanted: tuple[str, bool]) -> None:
    """What is looked for stands in the index as it stands in the question."""
    written, beginning = phrase(text, prefix=prefix)

    assert wanted == (" ".join(written.split()), beginning)
