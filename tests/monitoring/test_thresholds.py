"""Thresholds: what the settings say becomes a rule, or a sentence that says why not."""

from __future__ import annotations

import math

import pytest

from opsterm.core.errors import BadSetting
from opsterm.core.settings import MonitoringSettings, ThresholdSetting
from opsterm.core.settings_reading import load_settings
from opsterm.monitoring.metrics import CATALOGUE
from opsterm.monitoring.sample import SeriesKey
from opsterm.monitoring.thresholds import OF_TRAPS, SHIPPED, fingerprint, make_rule, rules_from


def setting(**fields: object) -> ThresholdSetting:
    return ThresholdSetting(**{"metric": "fs.used_percent", **fields})  # type: ignore[arg-type]  # a table's rows


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"warn": 95.0, "crit": 85.0}, "warn (95) lies above crit (85)"),
        ({"warn": 5.0, "crit": 15.0, "direction": "below"}, "warn (5) lies below crit (15)"),
        ({"warn": 85.0, "clear": 86.0}, "clear (86) lies on the bad side of 85"),
        ({"warn": 10.0, "clear": 9.0, "direction": "below"}, "clear (9) lies on the bad side of 10"),
        ({"clear": 9.0}, "neither warn nor crit"),
        ({"warn": 85.0, "n": 6, "m": 5}, "n is 6 but m is 5"),
        ({"warn": math.nan}, "finite"),
        ({"crit": math.inf}, "finite"),
        ({"warn": 120.0}, "never above 100"),
        ({"metric": "fs.used_procent", "warn": 1.0}, "the nearest is fs.used_percent"),
        ({"metric": "", "warn": 1.0}, "missing"),
    ],
)
def test_a_wrong_threshold_is_refused_in_a_sentence(fields: dict[str, object], said: str) -> None:
    with pytest.raises(BadSetting) as caught:
        make_rule(setting(**fields), "config.toml:7")
    assert said in caught.value.what
    assert caught.value.what.startswith("config.toml:7")
    assert caught.value.next_step


def test_the_place_of_a_wrong_threshold_is_said() -> None:
    loaded = load_settings(
        file_text='[[monitoring.threshold]]\nmetric="load.1m"\nwarn=4\n[[monitoring.threshold]]\nmetric="load.1m"\nn=9\nm=2\n'
    )
    with pytest.raises(BadSetting, match="number 2"):
        rules_from(loaded.settings.monitoring)


def test_without_a_clear_level_it_is_five_percent_inside() -> None:
    assert make_rule(setting(warn=80.0, crit=90.0)).clear == pytest.approx(76.0)
    assert make_rule(setting(warn=20.0, crit=10.0, direction="below")).clear == pytest.approx(21.0)
    assert make_rule(setting(metric="load.1m", warn=-10.0)).clear == pytest.approx(-10.5)


def test_own_thresholds_come_before_those_that_ship() -> None:
    own = ThresholdSetting(metric="fs.used_percent", warn=50.0)
    rules = rules_from(MonitoringSettings(threshold=(own,)))
    assert rules[0].warn == 50.0
    assert list(rules[1:]) == [*SHIPPED, OF_TRAPS]
    assert list(rules_from(MonitoringSettings(default_thresholds=False))) == [OF_TRAPS]


def test_a_threshold_without_a_level_watches_nothing() -> None:
    assert not make_rule(setting()).watches
    assert make_rule(setting()).name == "fs.used_percent not watched"


def test_those_that_ship_are_for_metrics_there_are() -> None:
    for rule in SHIPPED:
        assert rule.metric in CATALOGUE
        assert rule.n <= rule.m


def test_advice_is_the_operators_own_or_what_is_known() -> None:
    key = SeriesKey("localhost", "fs.used_percent", "/srv/a; rm -rf x")
    own = make_rule(setting(warn=85.0, advice="Call ops about {item}."))
    assert own.advice_for(key) == "Call ops about '/srv/a; rm -rf x'."
    known = rules_from(MonitoringSettings(), advise=lambda metric, item: f"{metric} {item}")
    assert next(r for r in known if r.metric == "fs.used_percent").advice_for(key) == f"{key.metric} {key.item}"
    assert make_rule(setting(warn=85.0)).advice_for(key) == ""


def test_a_fingerprint_stays_when_levels_change_and_differs_between_series() -> None:
    low, high = make_rule(setting(warn=80.0)), make_rule(setting(warn=90.0))
    var, srv = (SeriesKey("localhost", "fs.used_percent", item) for item in ("/var", "/srv"))
    assert fingerprint(low, var) == fingerprint(high, var)
    assert fingerprint(low, var) != fingerprint(low, srv)
    assert fingerprint(low, var) != fingerprint(make_rule(setting(warn=80.0, direction="below")), var)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"warn": 85.0}, "fs.used_percent above 85 %"),
        ({"crit": 95.0}, "fs.used_percent above 95 %"),
        ({"metric": "fs.free_bytes", "warn": 2e9, "direction": "below"}, "fs.free_bytes below 2.0 GB"),
        ({"metric": "net.*", "warn": 10.0}, "net.* above 10"),
    ],
)
def test_a_rule_is_named_by_its_level_and_unit(fields: dict[str, object], name: str) -> None:
    assert make_rule(setting(**fields)).name == name
