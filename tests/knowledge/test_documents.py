"""What ships is sound: every head reads, every metric has advice, every command exists and runs on Debian 12."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from opsterm.cli.arguments import parse_arguments
from opsterm.core.errors import BadInput
from opsterm.inventory.patterns import compile_glob
from opsterm.knowledge.document import DocumentKind, parse_document
from opsterm.monitoring.metrics import CATALOGUE
from opsterm.monitoring.thresholds import SHIPPED
from tests.knowledge.seed import base, blocks, documents, lines, programs

PACKAGES = {
    "coreutils": "cat cut date df du echo head ls nproc sort tail truncate uniq wc",
    "procps": "free pgrep ps slabtop top vmstat",
    "util-linux": "findmnt ionice last lsblk mount namei prlimit renice swapoff swapon",
    "systemd": "journalctl systemctl systemd-analyze systemd-cgtop systemd-detect-virt timedatectl",
    "iproute2": "ip nstat ss", "iputils-ping": "ping", "libc-bin": "getent", "passwd": "passwd", "apt": "apt-get",
    "findutils": "find", "grep": "grep",
    "openssh": "ssh ssh-add ssh-keygen ssh-keyscan sshd",
    "chrony": "chronyc", "sysstat": "iostat pidstat", "smartmontools": "smartctl", "ethtool": "ethtool",
    "nginx": "nginx", "apache2": "apachectl", "ours": "opsterm",
    "openssl": "openssl",
}  # fmt: skip
"""Programs that the documents may name, by the Debian package that has them."""

PROGRAMS = {program for names in PACKAGES.values() for program in names.split()}
NEEDS_A_WORD = {"chrony", "sysstat", "smartmontools", "ethtool", "openssl"}
"""Packages that a fresh Debian 12 does not have: a document that uses one names it."""


def test_every_document_reads_and_is_named_like_its_file() -> None:
    assert len(documents()) >= 25
    for document in documents():
        assert document.source == f"{document.id}.md"
        assert document.sections
        assert document.about
    assert len({document.title for document in documents()}) == len(documents())


@pytest.mark.parametrize("metric", [name for name in CATALOGUE if name != "host.uptime_s"])
def test_every_metric_has_advice(metric: str) -> None:
    assert base().advice_for(metric, "/var")


def test_advice_names_metrics_that_there_are() -> None:
    for document in documents():
        for word in document.about:
            if "." in word and " " not in word and document.kind is not DocumentKind.GUIDE:
                assert any(compile_glob(word)(metric) for metric in CATALOGUE), f"{document.source}: {word}"


def test_advice_quotes_the_item_for_a_shell() -> None:
    assert "'/mnt/a b; reboot'" in base().advice_for("fs.used_percent", "/mnt/a b; reboot")
    assert "\x1b" not in base().advice_for("fs.used_percent", "/a\x1b]52;c;x\x07")
    assert base().advice_for("cpu.used_percent").startswith("See which processes")
    assert base().advice_for("moon.phase") == ""
    assert "{item}" not in "".join(base().advice_for(metric, "x") for metric in CATALOGUE)


def test_advice_for_one_metric_wins_over_a_family() -> None:
    exact = base().document_for("fs.inodes_used_percent")
    family = base().document_for("fs.free_bytes")
    assert exact is not None
    assert family is not None
    assert (exact.id, family.id) == ("advice-fs-inodes", "advice-fs-used")


@pytest.mark.parametrize("language", ["sh", "bash"])
def test_commands_are_shell_and_name_known_programs(language: str) -> None:
    for name, text in blocks(language):
        done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{name}: {done.stderr}"
    for name, line in lines(language):
        for program in programs(line):
            assert program in PROGRAMS, f"{name}: {program} in {line!r}"


def test_advice_sentences_name_known_programs_and_fit_a_line() -> None:
    for document in documents():
        if document.kind is DocumentKind.ADVICE:
            assert len(document.advice) < 160, document.id


def test_a_program_that_may_be_missing_is_said_to_be_of_a_package() -> None:
    texts = {document.source: " ".join(section.text for section in document.sections) for document in documents()}
    for language in ("sh", "bash"):
        for name, line in lines(language):
            for package in NEEDS_A_WORD:
                if set(programs(line)) & set(PACKAGES[package].split()):
                    assert package in texts[name], f"{name}: {line!r} needs {package}"
                    assert language == "bash", f"{name}: {line!r} does not run on a fresh Debian"


@pytest.mark.parametrize(
    "line", [line for language in ("sh", "bash") for _, line in lines(language) if line.startswith("opsterm ")]
)
def test_our_own_commands_are_understood(line: str) -> None:
    import shlex

    assert parse_arguments(shlex.split(line)[1:]).verb


@pytest.mark.lab
def test_looking_commands_run_on_debian_12(tmp_path: Path) -> None:
    told = os.environ.get("OPSTERM_LAB", "")
    if not told:
        pytest.skip("NOT TRIED ON A REAL HOST: set OPSTERM_LAB to run this test")
    lab = json.loads(told if told.startswith("{") else Path(told).read_text(encoding="utf-8"))
    host = lab["hosts"][0]
    known = tmp_path / "known_hosts"
    known.write_text(f"{host['address']} {host['host_key']}\n")
    commands = sorted({line for _, line in lines("sh") if not line.startswith("opsterm ")})
    wanted = "\n".join(f"({line}) </dev/null >/dev/null 2>/tmp/err; echo \"$? $(head -c 200 /tmp/err | tr '\\n' ' ')\""
                       for line in commands)  # fmt: skip
    done = subprocess.run(
        ["ssh", "-i", lab["key"], "-o", f"UserKnownHostsFile={known}", "-p", str(host["port"]),
         f"{host['user']}@{host['address']}", "sh -s"],
        input=wanted, capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    results = done.stdout.splitlines()
    assert len(results) == len(commands)
    for command, result in zip(commands, results, strict=True):
        status, _, said = result.partition(" ")
        assert status in ("0", "1"), f"{command}: {result}"
        assert not any(word in said for word in ("not found", "invalid", "unrecognized", "nknown")), (
            f"{command}: {said}"
        )


HEAD = "---\nid: a\ntitle: T\nkind: guide\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "d.md:1: the first line must be ---"),
        ("---\nid: a\n", "never closed"),
        ("---\nnonsense\n---\n", "d.md:2:"),
        ("---\nid: a\nid: b\n---\n", "d.md:3: id is there twice"),
        ("---\nid: a\ntitle: T\nkind: poem\n---\n", "one of guide, advice, runbook"),
        ("---\nid: a\nkind: guide\n---\n", "no title"),
        ("---\nid: A b\ntitle: T\nkind: guide\n---\n", "small letters"),
        (HEAD + "advice: x\n---\n", "kind advice"),
        ("---\nid: a\ntitle: T\nkind: advice\n---\n", "kind advice"),
    ],
)
def test_a_wrong_head_is_named_with_its_line(text: str, says: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_document(text, "d.md")
    assert says in str(caught.value)


def test_sections_know_their_lines_and_fences_hide_headings() -> None:
    text = HEAD + "about: x, y z\n---\nfirst\n\n## One\n\n```sh\n# no heading\n```\n## Empty\n### Two ##\nlast\n"
    document = parse_document(text, "d.md")
    assert document.about == ("x", "y z")
    assert [(s.heading, s.line) for s in document.sections] == [("", 7), ("One", 9), ("Two", 15)]
    assert document.sections[1].text == "\n```sh\n# no heading\n```"


def test_every_threshold_that_ships_has_advice() -> None:
    for rule in SHIPPED:
        assert base().advice_for(rule.metric, "x"), rule.metric
