"""Mirror `store.config`."""

import pytest
from pydantic import ValidationError

from store.config import Store


def test_the_defaults_are_safe() -> None:
    """Without a word from the user every answer is durable and the disk is guarded."""
    config = Store()

    assert config.durability == "full"
    assert config.path is None
    assert (config.min_free_disk, config.min_free_percent, config.reserve) == (512 << 20, 5, 64 << 20)
    assert config.wal_checkpoint < config.wal_truncate


def test_units_are_understood() -> None:
    """Sizes and durations are written the way people say them."""
    config = Store.model_validate({"replay_window": "10m", "wal_checkpoint": "4MiB"})

    assert (config.replay_window, config.wal_checkpoint) == (600, 4 << 20)


@pytest.mark.parametrize(
    "wrong",
    [{"durability": "none"}, {"min_free_percent": 101}, {"rejections_kept": -1}, {"pth": "x"}, {"group_bytes": "x"}],
)
def test_mistakes_are_refused(wrong: dict[str, object]) -> None:
    """A value out of range and a name that does not exist are mistakes."""
    with pytest.raises(ValidationError):
        Store.model_validate(wrong)


def test_every_setting_is_described() -> None:
    """The reference page has a sentence for each."""
    assert all(field.description for field in Store.model_fields.values())
