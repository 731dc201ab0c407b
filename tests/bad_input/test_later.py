"""What is to be checked of parts that do not exist yet: rows 78, 80 and 83 to 86."""

import pytest


@pytest.mark.xfail(reason="filters arrive with the read API", strict=False, run=False)
def test_row_78_filters_are_bound_and_checked() -> None:
    """A filter never becomes SQL: columns and operators come from a list, values are bound, anything else is 400."""
    raise AssertionError("GET /api/v1/spans?where=' OR 1=1-- is 400, and so is an unknown column")


@pytest.mark.xfail(reason="limits of the read API arrive with it", strict=False, run=False)
def test_row_80_no_question_takes_for_ever() -> None:
    """A limit is clamped to 1,000, and whatever takes ten seconds is ended with what there is."""
    raise AssertionError("GET /api/v1/spans?limit=1000000000 gives 1,000; a pattern bomb is 504 after 10 s")


@pytest.mark.xfail(reason="forwarding arrives with the exporters", strict=False, run=False)
def test_row_83_row_84_a_far_side_is_not_trusted() -> None:
    """Data goes only where the configuration says, and no answer from there costs more than 4 MiB."""
    raise AssertionError("a redirect to 169.254.169.254 is not followed; an answer of 1 GB is cut at 4 MiB")


@pytest.mark.xfail(reason="redaction arrives with its rules", strict=False, run=False)
def test_row_85_row_86_secrets_never_reach_the_disk() -> None:
    """With rules on, keys and tokens are gone before the first write, and no rule can take for ever."""
    raise AssertionError("grep the database and its log for sk-…, ghp_… and a PEM block: nothing is found")
