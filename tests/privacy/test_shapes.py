"""What looks like a secret is masked; what does not is left alone."""

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from privacy.shapes import MARK, Shapes, shipped

LETTERS = "Zk3bQ9xW1rT7yU5pL2mN8vC4dF6gH0jKsA"
TOKENS = {
    "anthropic": f"sk-ant-api03-{LETTERS}{LETTERS}",
    "openai": f"sk-proj-{LETTERS}",
    "github": f"ghp_{LETTERS}",
    "fine-grained": f"github_pat_11ABC_{LETTERS}",
    "gitlab": f"glpat-{LETTERS[:20]}",
    "aws": "AKIAIOSFODNN7EXAMPLE",
    "google": "AIza" + LETTERS + "a",
    "slack": f"xoxb-1234-{LETTERS}",
    "stripe": f"sk_live_{LETTERS}",
    "hugging face": f"hf_{LETTERS}",
    "npm": f"npm_{LETTERS}ab",
    "pypi": f"pypi-AgEI{LETTERS}{LETTERS}",
    "own": f"sl_ingest_{LETTERS}{LETTERS}",
    "web token": f"eyJhbGciOiJI.eyJzdWIiOiIx.{LETTERS}",
}
PLAIN = [
    "sk-",
    "task-force-of-twenty-people-in-a-row",
    "disk-usage-of-the-largest-partition",
    "risk-assessment-of-the-whole-portfolio",
    "https://example.org/a:b@c",
    "ghp_short",
    "AKIA is a prefix",
    "bearer of good news",
    "eyJ.eyJ.x",
    "0af7651916cd43dd8448eb211c80319c",
]


def masked(text: str, *, emails: bool = False) -> str:
    """Mask a text."""
    return Shapes(shipped(secrets=True, emails=emails)).masked(text)


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize("around", ["{}", "key={} and more", '"{}"', "({})", "https://x/?k={}&a=1"])
def test_tokens_are_masked(kind: str, around: str) -> None:
    """Wherever they stand; what is around them stays."""
    assert around.format(MARK) == masked(around.format(TOKENS[kind]))


@pytest.mark.parametrize("text", PLAIN)
def test_what_only_begins_like_one_stays(text: str) -> None:
    """Words with hyphens, ids, prefixes alone."""
    assert text == masked(text)


def test_only_the_secret_part_is_masked() -> None:
    """A header keeps its scheme, an address its user and host, a key its frame."""
    assert f"Authorization: Bearer {MARK}" == masked(f"Authorization: Bearer {LETTERS[:20]}")
    assert f"postgres://me:{MARK}@db/x" == masked("postgres://me:hunter@db/x")
    key = f"-----BEGIN RSA PRIVATE KEY-----\n{LETTERS}\n-----END RSA PRIVATE KEY-----"
    assert LETTERS not in masked(key)
    assert masked(key).startswith("-----BEGIN RSA PRIVATE KEY-----[redacted]")


def test_e_mail_addresses_are_masked_when_wanted() -> None:
    """Not otherwise: users are known by them."""
    assert "from anna@example.org" == masked("from anna@example.org")
    assert "from [redacted], x@y" == masked("from anna@example.org, x@y", emails=True)


@given(st.text(), st.sampled_from(sorted(TOKENS)), st.text())
def test_what_is_masked_is_found_by_the_first_look(before: str, kind: str, behind: str) -> None:
    """A request that the quick look passes over holds nothing to mask, in any encoding of its text."""
    text = f"{before} {TOKENS[kind]} {behind}"
    needs = re2.compile("|".join(one.needs for one in shipped(secrets=True, emails=False)).encode())

    assert MARK in masked(text)
    assert TOKENS[kind] not in masked(text)
    assert needs.search(text.encode(errors="replace"))
