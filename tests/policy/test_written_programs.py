"""Programs that are written down as lines of text, and what no row of theirs can talk into reading."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.policy.effects import EffectKind, Span
from opsterm.policy.grading import grade
from opsterm.policy.level import RiskLevel
from opsterm.policy.shell.argument import plain
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.notes import Notes, Scope, ShellFrame
from opsterm.policy.shell.programs.calling import Verbs, outcomes, rows
from opsterm.policy.shell.programs.registry import TABLES as ALL_TABLES
from opsterm.policy.shell.programs.rows import TABLES
from opsterm.policy.shell.programs.written import programs_of
from opsterm.policy.understanding import understand

PROGRAMS = programs_of(r"""
gauge lamp: read
hammer: infra+delete
crate
    takes: --level
    trial: -n
    read: list show/all
    infra+delete: rm
    write: -o --out
    read: /^peek\b/
    else: infra
tower
    read: -t
    else: service_start
""")

READS = """
crane ls registry | kubectl get pods -A | helm list | lvs | zpool status | vgdisplay vg0 | nomad status
consul members | storcli64 /c0 show | ovs-ofctl dump-flows br0 | salt-run manage.status
rabbitmqctl list_queues | pdnsutil list-all-zones | virsh list | hostnamectl status | networkctl status | ipset list
etcdctl member list | gluster volume info | btrfs device stats / | systemd-analyze blame | trivy image nginx
sacctmgr show user | rabbitmq-diagnostics status | patronictl list | juju status
"""
READING = [line.strip() for line in READS.replace("\n", "|").split("|") if line.strip()]
ACTING = [
    "--delete",
    "--purge",
    "--exec=id",
    "--install",
    "--repair",
    "--restore",
    "--in-place",
    "--output-file=/etc/motd",
]


def effects_of(line: str) -> set[EffectKind] | str:
    """Return the kinds of effects of a line of the programs above, "dark" where something is not followed."""
    words = [plain(word, Span(start=0, end=len(line))) for word in line.split()]
    notes = Notes(lambda text, frame: None, lambda words, frame: None)
    PROGRAMS[words[0].text](ProgramCall(words[0].text, words[0], words[1:], notes, ShellFrame(Scope())))
    found = notes.findings()
    return "dark" if found.opaque else {effect.kind for effect in found.effects}


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        ("gauge", {"read"}), ("lamp --delete x", {"infra", "delete", "data_loss"}), ("gauge --exec id", "dark"),
        ("hammer wall", {"infra", "delete"}), ("hammer --help", {"read"}), ("crate", {"read"}),
        ("crate list", {"read"}), ("crate show all", {"read"}), ("crate show", {"infra"}),
        ("crate rm a", {"infra", "delete"}), ("crate rm a -n", {"read"}),
        ("crate list -o out.txt", {"read", "write_file"}),
        ("crate peek in", {"read"}), ("crate paint", {"infra"}),
        ("crate --level list rm a", {"infra", "delete"}),
        ("crate --colour list rm a", {"infra", "delete"}), ("tower", {"service_start"}), ("tower -t", {"read"}),
    ],
)  # fmt: skip
def test_a_block_says_what_its_program_does(line: str, kinds: set[str] | str) -> None:
    assert effects_of(line) == (kinds if isinstance(kinds, str) else {EffectKind(kind) for kind in kinds})


def test_every_table_of_rows_has_programs_and_none_twice() -> None:
    names = [name for table in TABLES for name in table.PROGRAMS]
    assert len(names) == len(set(names)) > 700


def test_every_row_can_be_read_and_no_program_is_in_two_tables() -> None:
    names = [name for table in ALL_TABLES for name in table.PROGRAMS]
    assert sorted(names) == sorted(set(names)), "a program that is in two tables is known by the later one"
    for deed in (deed for table in ALL_TABLES for deed in table.PROGRAMS.values() if isinstance(deed, Verbs)):
        acting = [pair.partition("=")[2] for pair in deed.acts.split()]
        specs = {*rows(deed.table).values(), *acting, *(spec for _, spec in deed.pattern), deed.else_, deed.alone}
        assert all(outcomes(spec) for spec in specs - {"", "dark", "write"})
        assert all(expression.isprintable() and re.compile(expression) for expression, _ in deed.pattern)


@pytest.mark.parametrize("line", READING)
def test_the_lines_that_are_made_worse_below_read_as_they_are(line: str) -> None:
    assert grade(understand(line, "bash")).level is RiskLevel.READ


@settings(max_examples=120)
@given(st.sampled_from(READING), st.sampled_from(ACTING))
def test_an_option_that_no_row_names_is_judged_by_its_name(line: str, option: str) -> None:
    assert grade(understand(f"{line} {option}", "bash")).level is not RiskLevel.READ


@settings(max_examples=80)
@given(st.sampled_from(READING), st.sampled_from(["> /etc/motd", "| sh", "; reboot", "&& rm -rf /srv", "$(reboot)"]))
def test_what_stands_beside_a_line_that_reads_still_counts(line: str, beside: str) -> None:
    assert grade(understand(f"{line} {beside}", "bash")).level is not RiskLevel.READ
