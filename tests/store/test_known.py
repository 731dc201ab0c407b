"""Mirror `store.known`."""

from store.known import Known


def test_an_id_is_missing_once() -> None:
    """Rows are listed the first time they are asked about."""
    known = Known(10)

    assert known.missing({1: ("a",), 2: ("b",)}) == [("a",), ("b",)]
    assert known.missing({2: ("b",), 3: ("c",)}) == [("c",)]


def test_the_latest_used_are_remembered() -> None:
    """Beyond the limit the one that was not used for longest is forgotten."""
    known = Known(2)
    known.missing({1: ("a",), 2: ("b",)})
    known.missing({1: ("a",)})
    known.missing({3: ("c",)})

    assert known.missing({1: ("a",)}) == []
    assert known.missing({2: ("b",)}) == [("b",)]


def test_everything_can_be_forgotten() -> None:
    """After a failed transaction nothing is held for stored."""
    known = Known(2)
    known.missing({1: ("a",)})
    known.clear()

    assert known.missing({1: ("a",)}) == [("a",)]
