"""The sample configurations are good, and what they claim to be."""

from pathlib import Path

import pytest
import trustme

from spanledger.config import Config, load

SAMPLES = Path(__file__).parents[2] / "deploy" / "config"


def read(name: str, folder: Path) -> Config:
    """Load a sample; files that it names under /etc are made in a folder."""
    text = (SAMPLES / f"{name}.toml").read_text().replace("/etc/spanledger", str(folder))
    (folder / "sample.toml").write_text(text)
    return load(file=folder / "sample.toml", environ={})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Hold a certificate."""
    made = trustme.CA().issue_cert("spanledger.example.org")
    made.private_key_pem.write_to_path(tmp_path / "tls.key")
    made.cert_chain_pems[0].write_to_path(tmp_path / "tls.pem")
    return tmp_path


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.toml")))
def test_samples_are_valid(name: str, folder: Path) -> None:
    """Each loads without a mistake."""
    read(name, folder)


def test_the_laptops_is_the_default(folder: Path) -> None:
    """It shows what is in force anyway."""
    assert load(environ={}) == read("laptop", folder)


def test_the_teams_is_open_to_others_and_encrypted(folder: Path) -> None:
    """Both ports, with TLS, and nobody is let in without a token."""
    collector = read("team", folder).collector

    assert {"0.0.0.0"} == {part.endpoint.host for part in (collector.grpc, collector.http) if part.endpoint}
    assert collector.grpc.tls
    assert collector.http.tls
    assert not collector.insecure_no_auth
