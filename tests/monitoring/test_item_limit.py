"""What others tell names no more series than it may."""

from __future__ import annotations

from opsterm.monitoring.item_limit import OTHERS, ItemLimit
from opsterm.monitoring.sample import SeriesKey


def test_a_target_that_names_ever_new_things_gets_one_series_for_the_rest() -> None:
    limit = ItemLimit(3)
    items = [limit.key(SeriesKey("sw-1", "m", str(number))).item for number in range(5)]
    assert items == ["0", "1", "2", OTHERS, OTHERS]
    assert limit.key(SeriesKey("sw-1", "m", "1")).item == "1", "what is known keeps its name"
    assert limit.key(SeriesKey("sw-2", "m", "9")).item == "9", "one target does not take from another"
    assert limit.key(SeriesKey("sw-1", "n", "9")).item == "9"
