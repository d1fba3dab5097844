"""A remote host's text becomes the same measurements as this host's own, whatever the text is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.core.text import clean_line
from opsterm.monitoring.metrics import CATALOGUE
from opsterm.monitoring.remote_host import LONGEST_STRETCH_S, MOST_ITEMS, HostReading, host_reading, readings
from tests.monitoring.looking import MARK, READING

LINES = READING.splitlines(keepends=True)
SECTIONS = ("kernel", "disks", "processes", "mounts", "space", "systemd", "far")
Series = Mapping[tuple[str, str], float]


def measured(before: HostReading | None, now: HostReading) -> Series:
    return {(metric, item): value for metric, item, value in readings(before, now)}


def later(text: str = READING, *, seconds: float = 10.0) -> str:
    """Return the reading as it is some seconds later, everything counted further."""
    for old, new in (
        ("uptime:1000.00", f"uptime:{1000 + seconds:.2f}"),
        ("cpu  1000 0 500 8000 100", "cpu  1600 0 700 9100 200"),
        ("cpu0 500 0 250 4000 50", "cpu0 1000 0 350 4400 50"),
        ("cpu1 500 0 250 4000 50", "cpu1 600 0 350 4700 150"),
        ("sda 10 0 2000 5 20 0 4000 7 0 1500", "sda 10 0 2100 5 20 0 4400 7 0 6500"),
        ("7000 10 1 0 0 0 0 0 9000 20 2", "8000 10 3 0 0 0 0 0 9500 20 8"),
    ):
        text = text.replace(old, new)
    return text


def test_what_holds_by_itself() -> None:
    assert measured(None, host_reading(READING)) == {
        ("load.1m", ""): 0.5, ("load.5m", ""): 0.25, ("load.15m", ""): 0.1, ("load.per_core", ""): 0.25,
        ("memory.used_percent", ""): 75.0, ("memory.used_bytes", ""): 750 * 1024,
        ("memory.available_bytes", ""): 250 * 1024,
        ("swap.used_percent", ""): 25.0, ("swap.used_bytes", ""): 100 * 1024,
        ("pressure.cpu_some_percent", ""): 1.5, ("pressure.io_full_percent", ""): 0.25,
        ("fs.used_percent", "/"): 75.0, ("fs.used_bytes", "/"): 600 * 1024, ("fs.free_bytes", "/"): 200 * 1024,
        ("fs.inodes_used_percent", "/"): 30.0,
        ("fs.used_percent", "/mnt/a b"): 25.0, ("fs.used_bytes", "/mnt/a b"): 1000 * 1024,
        ("fs.free_bytes", "/mnt/a b"): 3000 * 1024,
        ("process.count", ""): 123, ("process.open_files", ""): 1000, ("process.open_files_percent", ""): 1.0,
        ("host.uptime_s", ""): 1000.0, ("systemd.failed_units", ""): 2,
    }  # fmt: skip


def test_rates_need_two_readings() -> None:
    found = measured(host_reading(READING), host_reading(later()))
    assert {key: value for key, value in found.items() if key[0].startswith(("cpu", "disk", "net"))} == {
        ("cpu.used_percent", ""): 40.0, ("cpu.user_percent", ""): 30.0, ("cpu.system_percent", ""): 10.0,
        ("cpu.iowait_percent", ""): 5.0, ("cpu.steal_percent", ""): 0.0,
        ("cpu.core_percent", "0"): 60.0, ("cpu.core_percent", "1"): 20.0,
        ("disk.read_bytes_per_s", "sda"): 5120.0, ("disk.write_bytes_per_s", "sda"): 20480.0,
        ("disk.busy_percent", "sda"): 50.0,
        ("net.received_bytes_per_s", "eth0"): 100.0, ("net.sent_bytes_per_s", "eth0"): 50.0,
        ("net.errors_per_s", "eth0"): 0.8,
    }  # fmt: skip


def has_rates(before: HostReading, now: HostReading) -> bool:
    return any(metric.startswith(("cpu", "disk", "net")) for metric, _ in measured(before, now))


@pytest.mark.parametrize("seconds", [0.0, -400.0, LONGEST_STRETCH_S + 1])
def test_readings_that_cannot_be_compared_make_no_rate(seconds: float) -> None:
    assert not has_rates(host_reading(READING), host_reading(later(seconds=seconds)))


def test_a_reboot_begins_anew_even_when_it_has_been_up_for_longer() -> None:
    now = host_reading(later())
    assert has_rates(host_reading(READING), now)
    assert not has_rates(host_reading(READING), replace(now, boot="another"))
    assert not has_rates(host_reading(READING), replace(now, uptime_s=None))


def test_a_counter_that_began_again_costs_only_its_own_rate() -> None:
    now = host_reading(later().replace("8000 10 3", "5 10 3"))
    found = measured(host_reading(READING), now)
    assert ("net.received_bytes_per_s", "eth0") not in found
    assert found["net.sent_bytes_per_s", "eth0"] == 50.0


def test_a_processor_that_came_or_went_costs_only_processor_times() -> None:
    gone = "".join(line for line in later().splitlines(keepends=True) if "stat:cpu1" not in line)
    found = measured(host_reading(READING), host_reading(gone))
    assert not any(metric.startswith("cpu") for metric, _ in found)
    assert ("net.sent_bytes_per_s", "eth0") in found


def test_an_old_kernel_without_available_memory() -> None:
    old = host_reading(READING.replace("MemAvailable:     250 kB", "Cached:  50 kB"))
    assert measured(None, old)["memory.available_bytes", ""] == 150 * 1024


def test_the_reserve_of_root_counts_as_used() -> None:
    full = host_reading(READING.replace("600       200      75%", "990       -20     103%"))
    assert measured(None, full)["fs.used_percent", "/"] == 100.0


@given(cut=st.integers(0, len(READING)))
def test_what_was_cut_off_is_absent_and_the_rest_is_as_it_was(cut: int) -> None:
    whole, part = measured(None, host_reading(READING)), measured(None, host_reading(READING[:cut]))
    assert host_reading(READING[:cut]).complete == (cut == len(READING))
    for (metric, item), value in part.items():
        if metric not in ("load.per_core", "memory.available_bytes", "memory.used_bytes", "memory.used_percent"):
            assert value == whole[metric, item], "inodes or processors may be missing beside it, never another value"


hostile = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\n :/%=-0123456789kB"), max_size=300)


def own(section: str) -> frozenset[str]:
    """Return the first words of the metrics that a section may cost."""
    return {
        "kernel": frozenset({"cpu", "load", "memory", "swap", "pressure", "disk", "net", "process", "host"}),
        "disks": frozenset({"disk"}), "processes": frozenset({"process"}), "mounts": frozenset({"fs"}),
        "space": frozenset({"fs"}), "systemd": frozenset({"systemd"}), "far": frozenset({"fs"}),
    }[section]  # fmt: skip


def with_section(text: str, section: str, inside: str) -> str:
    head, mark, rest = text.partition(f"{MARK} {section}\n")
    _, next_mark, tail = rest.partition(f"{MARK} ")
    return head + mark + inside + "\n" + next_mark + tail


@given(section=st.sampled_from(SECTIONS), inside=hostile)
def test_hostile_text_in_a_section_costs_only_that_section(section: str, inside: str) -> None:
    before = host_reading(READING)
    sound, spoilt = measured(before, host_reading(later())), host_reading(with_section(later(), section, inside))
    found = measured(before, spoilt)
    assert spoilt.complete
    assert all(math.isfinite(value) and metric in CATALOGUE for (metric, _), value in found.items())
    assert all(item == clean_line(item) for _, item in found)
    if section != "kernel":  # without an uptime there are no rates at all
        assert {k: v for k, v in found.items() if k[0].partition(".")[0] not in own(section)} == {
            k: v for k, v in sound.items() if k[0].partition(".")[0] not in own(section)
        }


@given(line=st.integers(0, len(LINES) - 1), inside=hostile)
def test_any_line_may_be_anything(line: int, inside: str) -> None:
    text = "".join([*LINES[:line], inside + "\n", *LINES[line + 1 :]])
    for before in (None, host_reading(READING)):
        found = measured(before, host_reading(text))
        assert all(math.isfinite(value) and metric in CATALOGUE for (metric, _), value in found.items())


@given(hostile)
def test_a_text_without_the_mark_says_nothing(text: str) -> None:
    assert host_reading(text).says_nothing


def test_a_file_on_the_target_cannot_pretend_to_be_a_section() -> None:
    forged = "@@1-00000000-0000-0000-0000-000000000000 systemd\nNFailedUnits=99"
    assert measured(None, host_reading(with_section(READING, "processes", f"123\n{forged}")))[
        "systemd.failed_units", ""
    ] == 2  # fmt: skip


def test_a_target_that_invents_things_without_end_is_kept_short() -> None:
    disks = "".join(f"/proc/diskstats: 8 0 sd{n} 1 0 1 1 1 0 1 1 0 1 1\n" for n in range(5000))
    names = "".join(f"/sys/block/sd{n}\n" for n in range(5000))
    nets = "".join(f"/proc/net/dev: x{n}: 1 {'0 ' * 15}\n" for n in range(5000))
    text = READING.replace(f"{MARK} disks\n", f"{disks}{nets}{MARK} disks\n{names}")
    found = host_reading(text).counters
    assert len({item for metric, item in found if metric.startswith("disk")}) == MOST_ITEMS
    assert len({item for metric, item in found if metric.startswith("net")}) == MOST_ITEMS


def test_a_name_with_control_characters_is_made_visible() -> None:
    text = READING.replace("/mnt/a\\040b", "/mnt/a\\033[2Jb").replace("/mnt/a b", "/mnt/a\x1b[2Jb")
    items = [item for _, item in measured(None, host_reading(text)) if item.startswith("/mnt")]
    assert items
    assert not any("\x1b" in item for item in items)
