"""Garbage collection is made quiet while a screen stands, and put back after it."""

from __future__ import annotations

import gc

import pytest

from opsterm.core.quiet_gc import AT_THE_START, THRESHOLDS, collect_seldom, quiet_gc


@pytest.mark.usefixtures("real_collector")
def test_collector_is_quiet_and_comes_back() -> None:
    before = gc.get_threshold()
    restore = quiet_gc()
    try:
        assert gc.get_threshold() == THRESHOLDS
        assert gc.get_freeze_count() > 0
    finally:
        restore()
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


@pytest.mark.usefixtures("real_collector")
def test_a_start_collects_seldom_until_it_is_undone() -> None:
    before = gc.get_threshold()
    collect_as_usual = collect_seldom()
    try:
        assert gc.get_threshold() == AT_THE_START
    finally:
        collect_as_usual()
    assert gc.get_threshold() == before
