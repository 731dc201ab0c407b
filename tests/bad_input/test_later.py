"""What is to be checked of parts that do not exist yet: rows 83 to 86."""

import pytest


@pytest.mark.xfail(reason="forwarding arrives with the exporters", strict=False, run=False)
def test_row_83_row_84_a_far_side_is_not_trusted() -> None:
    """Data goes only where the configuration says, and no answer from there costs more than 4 MiB."""
    raise AssertionError("a redirect to 169.254.169.254 is not followed; an answer of 1 GB is cut at 4 MiB")


@pytest.mark.xfail(reason="redaction arrives with its rules", strict=False, run=False)
def test_row_85_row_86_secrets_never_reach_the_disk() -> None:
    """With rules on, keys and tokens are gone before the first write, and no rule can take for ever."""
    raise AssertionError("grep the database and its log for sk-…, ghp_… and a PEM block: nothing is found")
