"""Garbage collection that neither stalls the screen nor slows down a fan-out.

A screen holds a few hundred thousand objects that live as long as it does. A full collection looks at all of them and
takes up to 0.3 s, in which no key is answered. Once the screen stands, they are set aside, and the rest is looked
at less often. A command on many targets spends a sixth of its time on collections otherwise. While a program is loaded
nothing is looked at: what it loads stays.
"""

from __future__ import annotations

import gc
from collections.abc import Callable

THRESHOLDS = (20_000, 50, 1_000)
"""Allocations before a young collection, young ones before a middle one, middle ones before a full one."""

AT_THE_START = (300_000, 50, 1_000)
"""The same until the program stands: more than twice what a command on targets loads."""


def collect_seldom() -> Callable[[], None]:
    """Collect less often from now on; for the start, before much is loaded. Return the function that undoes it."""
    before = gc.get_threshold()
    gc.set_threshold(*AT_THE_START)
    return lambda: gc.set_threshold(*before)


def quiet_gc(*, collect: bool = True) -> Callable[[], None]:
    """Set aside what lives now and collect less often; return the function that undoes both.

    Call it once the first screen is painted, or all is loaded.

    Args:
        collect: collect first, up to 0.3 s on a large heap: for what lives long.
    """
    before = gc.get_threshold()
    if collect:
        gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)

    def restore() -> None:
        gc.set_threshold(*before)
        gc.unfreeze()

    return restore
