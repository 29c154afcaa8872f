"""Values of labels, of any name that a mapping may have."""

from smapstop.model.fleet.label_values import label_value


def test_long_values_are_shortened_in_the_middle() -> None:
    path = f"/very{'/long' * 100}/path.so"
    assert len(label_value(path)) == 160
    assert label_value(path).startswith("/very/long")
    assert label_value(path).endswith("/path.so")
    assert label_value("/lib/\udcff") == "/lib/\\udcff"
