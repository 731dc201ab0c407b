"""What is to be checked of parts that do not exist yet: rows 75, 78 and 80."""

import pytest


@pytest.mark.xfail(reason="pages arrive with the web part", strict=False, run=False)
def test_row_75_row_77_hostile_text_is_shown_as_text() -> None:
    """Every page shows scripts, links and templates in every field as text; nothing leaves the page."""
    raise AssertionError("load the texts of test_text.py in a browser: no dialog, no CSP report, no outside request")


@pytest.mark.xfail(reason="filters arrive with the read API", strict=False, run=False)
def test_row_78_filters_are_bound_and_checked() -> None:
    """A filter never becomes SQL: columns and operators come from a list, values are bound, anything else is 400."""
    raise AssertionError("GET /api/v1/spans?where=' OR 1=1-- is 400, and so is an unknown column")


@pytest.mark.xfail(reason="limits of the read API arrive with it", strict=False, run=False)
def test_row_80_no_question_takes_for_ever() -> None:
    """A limit is clamped to 1,000, and whatever takes ten seconds is ended with what there is."""
    raise AssertionError("GET /api/v1/spans?limit=1000000000 gives 1,000; a pattern bomb is 504 after 10 s")
