"""Settings come from a file, variables and flags, and what is wrong is named with its place and its remedy."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.core.errors import BadSetting
from opsterm.core.settings import Settings, known_keys
from opsterm.core.settings_reading import describe_settings, load_settings


def fault(
    file_text: str = "", environment: Mapping[str, str] | None = None, flags: Mapping[str, str] | None = None
) -> str:
    with pytest.raises(BadSetting) as bad:
        load_settings(file_text=file_text, environment=environment, flags=flags)
    return str(bad.value)


UNKNOWN_KEYS = {
    "in a section": ("[monitoring]\n# a comment\ninterval = 3\n", "config.toml:3", "monitoring.interval_s"),
    "misspelt": ("[screen]\ntheme = 'night'\nchart_fsp = 2\n", "config.toml:3", "screen.chart_fps"),
    "dotted": ("\nmonitoring.intervall_s = 3\n", "config.toml:2", "monitoring.interval_s"),
    "quoted": ('[monitoring]\n"keep raw h" = 3\n', "config.toml:2", "monitoring.keep_raw_h"),
    "of another section": ("[screen]\nconnect_timeout_s = 3\n", "config.toml:2", "ssh.connect_timeout_s"),
    "section": ("[screen]\n\n[monitorring]\ninterval_s = 3\n", "config.toml:3", "monitoring"),
    "at the top": ("interval_s = 3\n", "config.toml:1", ""),
    "below a text of many lines": (
        '[screen]\ntheme = """\nchart = 3\nslow = 1"""\nslwo = true\n', "config.toml:5", "screen.slow",
    ),
    "second table of an array": (
        "[[monitoring.threshold]]\nmetric = 'a'\n[[monitoring.threshold]]\nmetrik = 'b'\n",
        "config.toml:4", "monitoring.threshold.metric",
    ),
    "inline table": (
        "[monitoring]\nthreshold = [\n  { metrik = 'a' },\n]\n", "config.toml:2", "monitoring.threshold.metric",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "place", "near"), UNKNOWN_KEYS.values(), ids=list(UNKNOWN_KEYS))
def test_an_unknown_key_is_named_with_its_line_and_the_nearest_known_one(text: str, place: str, near: str) -> None:
    said = fault(text)
    assert said.startswith(f"{place}: there is no setting ")
    assert (f"The nearest known one is {near}." if near else "`opsterm settings` lists all") in said


def test_an_unknown_variable_and_flag_are_named_with_the_nearest_known_one() -> None:
    said = fault(environment={"OPSTERM_MONITORING_INTERVAL": "3"})
    assert "there is no setting OPSTERM_MONITORING_INTERVAL" in said
    assert "OPSTERM_MONITORING_INTERVAL_S" in said
    said = fault(flags={"screen.them": "night"})
    assert said.startswith("--set: there is no setting screen.them.")
    assert "screen.theme" in said


WRONG_VALUES = {
    "no number": ("[monitoring]\ninterval_s = 'soon'\n", "config.toml:2: monitoring.interval_s must be a number of s"),
    "true is no number": ("[monitoring]\ninterval_s = true\n", "must be a number"),
    "a table is no number": ("[monitoring]\ninterval_s = {a = 1}\n", "must be a number"),
    "a date is no number": ("[monitoring]\nkeep_raw_h = 2020-01-01\n", "must be a number"),
    "a date is no text": ("[screen]\ntheme = 2020-01-01\n", "must be a text"),
    "a number is no text": ("[screen]\ntheme = 3\n", "must be a text, not 3"),
    "half a whole number": ("[ssh]\nparallel = 2.5\n", "must be a whole number, not 2.5"),
    "too small": ("[monitoring]\ninterval_s = 0.01\n", "must be between 0.1 and 3"),
    "too large": ("[ssh]\nparallel = 1000\n", "must be between 1 and 200"),
    "not a number": ("[monitoring]\ninterval_s = nan\n", "must be a number"),
    "infinite": ("[monitoring]\nkeep_hours_d = inf\n", "must be a number"),
    "a level that is not a number": (
        "[[monitoring.threshold]]\nwarn = nan\n", "config.toml:2: monitoring.threshold.warn must be a number",
    ),
    "neither true nor false": ("[changes]\nread_only = 'maybe'\n", "must be true or false, not 'maybe'"),
    "none of the words": ("[storage]\nkeyring = 'paper'\n", "must be one of auto, desktop, vault, memory"),
    "a word for tables": ("[monitoring]\nthreshold = 3\n", "must be tables, written [[monitoring.threshold]]"),
    "in the second table": (
        "[[monitoring.threshold]]\nmetric = 'a'\n\n[[monitoring.threshold]]\nmetric = 'b'\ndirection = 'up'\n",
        "config.toml:6: monitoring.threshold.direction must be one of above, below",
    ),
    "a section that is a value": ("screen = 3\n", "config.toml:1: screen is a section"),
    "a key that is no text": ("[keys]\nopen_help = 3\n", "config.toml:2: keys.open_help must be a key"),
    "no TOML": ("[screen\n", "config.toml is not valid TOML"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), WRONG_VALUES.values(), ids=list(WRONG_VALUES))
def test_a_wrong_value_is_named_with_what_a_good_one_is(text: str, said: str) -> None:
    assert said in fault(text)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("monitoring.interval_s", "5", 5.0), ("monitoring.interval_s", "1m", 60.0),
        ("monitoring.interval_s", "250ms", 0.25),
        ("changes.timeout_s", "1h30m", 5400.0), ("ssh.parallel", "20", 20), ("changes.read_only", "yes", True),
        ("changes.read_only", "Off", False), ("screen.theme", "day", "day"), ("screen.chart_fps", "0.5", 0.5),
    ],
)  # fmt: skip
def test_texts_of_variables_and_flags_become_values(key: str, text: str, value: object) -> None:
    section, _, name = key.partition(".")
    variable = f"OPSTERM_{key.replace('.', '_').upper()}"
    for loaded in (load_settings(environment={variable: text}), load_settings(flags={key: text})):
        assert getattr(getattr(loaded.settings, section), name) == value
    assert load_settings(environment={variable: text}).sources[key] == variable


def test_a_flag_beats_a_variable_beats_the_file_beats_the_default() -> None:
    text = "[monitoring]\ninterval_s = '3s'\nkeep_raw_h = 5\n[screen]\ntheme = 'day'\n"
    loaded = load_settings(
        file_text=text,
        environment={"OPSTERM_MONITORING_INTERVAL_S": "4", "OPSTERM_SCREEN_THEME": "mono", "PATH": "/bin"},
        flags={"monitoring.interval_s": "5"},
    )
    assert loaded.settings.monitoring.interval_s == 5
    assert loaded.settings.screen.theme == "mono"
    assert loaded.settings.monitoring.keep_raw_h == 5
    assert loaded.settings.ssh == Settings().ssh
    assert loaded.sources == {
        "monitoring.interval_s": "--set",
        "screen.theme": "OPSTERM_SCREEN_THEME",
        "monitoring.keep_raw_h": "config.toml:3",
    }


def test_thresholds_and_keys_are_read() -> None:
    loaded = load_settings(
        file_text="[[monitoring.threshold]]\nmetric = 'cpu.*'\nwarn = 80\n[keys]\nopen_help = 'f1'\n",
        flags={"keys.quit": "ctrl+x"},
    )
    (threshold,) = loaded.settings.monitoring.threshold
    assert (threshold.metric, threshold.warn, threshold.crit, threshold.n) == ("cpu.*", 80.0, None, 3)
    assert loaded.settings.keys == {"open_help": "f1", "quit": "ctrl+x"}


def test_variables_that_are_no_settings_are_let_be() -> None:
    loaded = load_settings(environment={"OPSTERM_HOME": "/x", "OPSTERM_CONFIG": "/y", "HOME": "/z"})
    assert loaded.sources == {}


def test_every_setting_is_described_and_its_default_can_be_given_back() -> None:
    rows = describe_settings(load_settings())
    assert [row[0] for row in rows] == list(known_keys())
    for key, value, source, text in rows:
        assert source == "default"
        assert text.endswith((".", "..."))
        if not value.endswith(("tables", "texts")):
            section, _, name = key.partition(".")
            again = load_settings(file_text=f"[{section}]\n{name} = {value}\n")
            assert dataclasses.replace(again, sources={}) == dataclasses.replace(load_settings(), sources={})


@given(st.text(max_size=80))
def test_no_text_is_too_odd(text: str) -> None:
    with contextlib.suppress(BadSetting):
        load_settings(file_text=text)


@given(st.sampled_from(sorted(known_keys())), st.text(max_size=20))
def test_no_value_is_too_odd(key: str, value: str) -> None:
    with contextlib.suppress(BadSetting):
        load_settings(flags={key: value})
