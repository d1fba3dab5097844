"""What a command on many targets costs, each time beside its peers in the same run.

Needs a harness that starts one sshd under many loopback addresses, runs a tool against them and prints one JSON line
for each phase with wall_s, client_cpu_s and ok (SPEED_FANOUT: path of the script, run as root with this Python; it
fills in {conc}, {sshcfg}, {known_hosts} and {cmd}). Peers that are not installed are skipped, loudly: clush (Debian).
ssh is given curve25519, as its own first choice costs it more. SPEED_ROUNDS (3) may be set. The package is compiled
first, as pip does when it installs it: to compile it anew takes as long as all the rest of a start. Keys need the
harness of the screen as well (SPEED_HARNESS, see test_screen_speed.py).
Run: pytest -m speed -n 0 tests/speed/test_fanout_speed.py -s
"""

from __future__ import annotations

import compileall
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

import opsterm as program
from tests.speed import busy_cockpit as busy
from tests.speed import fanout_rounds
from tests.speed.test_screen_speed import CHAT_LINE

pytestmark = [pytest.mark.speed, pytest.mark.blocking, pytest.mark.timeout(1800)]

ROUNDS = int(os.environ.get("SPEED_ROUNDS", "3"))
PEER = ["--ssh-extra", "KexAlgorithms curve25519-sha256"]
SETTINGS = ["--set", "ssh.config={sshcfg}", "--set", "ssh.known_hosts={known_hosts}", "--set", "ssh.parallel={conc}"]
Figures = Mapping[str, float]
Run = Callable[[], Figures]


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """Leave bytecode beside the package: a checkout has none where PYTHONDONTWRITEBYTECODE is set."""
    assert compileall.compile_dir(Path(program.__file__).parent, quiet=1)


def harness(*words: str) -> list[Figures]:
    """Run the harness; return the figures of each phase."""
    script = os.environ.get("SPEED_FANOUT", "")
    if not script:
        pytest.skip("SPEED_FANOUT names no harness: the fan-out was NOT measured")
    done = subprocess.run([sys.executable, script, *words], capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    phases: list[Figures] = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert phases
    return phases


def measured(*words: str, least: float = 1.0) -> list[Figures]:
    """Run the harness; return the figures of each phase, in which at least that share of the targets answered.

    Peers that write side by side into one file mix some lines of a megabyte each; ours may lose none.
    """
    phases = harness(*words)
    assert all(phase["ok"] >= least * phase["n"] for phase in phases), [phase["ok"] for phase in phases]
    return phases


def medians(runs: Mapping[str, Run]) -> dict[str, Figures]:
    """Run each in turn, ROUNDS times; return the median of each figure."""
    taken: dict[str, list[Figures]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            taken[name].append(run())
    found: dict[str, Figures] = {
        name: {key: statistics.median(run[key] for run in all_) for key in ("wall_s", "client_cpu_s", "n")}
        for name, all_ in taken.items()
    }
    for name, figures in found.items():
        each = 1000 * figures["client_cpu_s"] / figures["n"]
        print(f"\n{name:28} wall {figures['wall_s']:6.2f} s, client CPU {each:6.2f} ms a target", end="")
    print()
    return found


def ratio(found: Mapping[str, Figures], ours: str, peer: str, key: str) -> float:
    value = found[ours][key] / found[peer][key]
    print(f"{ours} / {peer}, {key}: {value:.2f}")
    return value


def opsterm(home: Path, hosts: int, *options: str) -> Run:
    """Return what runs `opsterm query` on so many targets, each line as it comes."""
    with_fleet(home, hosts)
    asked = [*ours(home), *SETTINGS, "query", "--each", "--on", "group:fan", "--", "{cmd}"]
    return lambda: measured("--tool", "cmd", "--n", str(hosts), *options, "--", *asked)[0]


def approved(home: Path, hosts: int, *options: str) -> Run:
    """Return what approves and runs the harness's command, which was proposed before."""
    with_fleet(home, hosts)
    file = home / "command"
    harness("--tool", "cmd", "--n", "1", *options, "--", "sh", "-c", f"echo '{{cmd}}' > {file}")
    command = file.read_text().strip()

    def run() -> Figures:
        propose = [*ours(home), "propose", "--json", "--on", "group:fan", "--", command]
        said = subprocess.run(propose, capture_output=True, check=True, timeout=60).stdout
        approve = [*ours(home), *SETTINGS, "approve", json.loads(said)["id"]]
        return measured("--tool", "cmd", "--n", str(hosts), *options, "--", *approve)[0]

    return run


def ours(home: Path) -> list[str]:
    return ["env", f"HOME={home}", f"OPSTERM_HOME={home}/opsterm", sys.executable, "-m", "opsterm"]


def with_fleet(home: Path, hosts: int) -> None:
    """Take the harness's targets into an inventory."""
    rows = [f"{address},{address},ssh,fan" for address in fanout_rounds.addresses(hosts)]
    (home / "hosts.csv").write_text("\n".join(["name,address,protocol,groups", *rows]))
    words = [*ours(home), "targets", "import", "csv", str(home / "hosts.csv")]
    subprocess.run(words, check=True, capture_output=True, timeout=120)


def peer(tool: str, hosts: int, *options: str) -> Run:
    return lambda: measured("--tool", tool, "--n", str(hosts), *PEER, *options, least=0.99)[0]


def with_clush(runs: dict[str, Run], hosts: int, *options: str) -> dict[str, Run]:
    if shutil.which("clush") is None:
        print("\nclush is not installed: NOT compared")
        return runs
    return {**runs, "clush": peer("clush", hosts, *options)}


def test_fresh_targets(home: Path) -> None:
    runs = with_clush({"opsterm": opsterm(home, 200), "xargs ssh": peer("xargs-ssh", 200)}, 200)
    found = medians(runs)
    cpu = ratio(found, "opsterm", "xargs ssh", "client_cpu_s")
    if "clush" in found:
        assert ratio(found, "opsterm", "clush", "client_cpu_s") <= 0.22
        assert ratio(found, "opsterm", "clush", "wall_s") <= 0.75
    assert cpu <= 0.33


def test_a_thousand_targets_with_hashed_known_hosts(home: Path) -> None:
    """CPU a target no more than 1.2 times that with 200 targets and as many known hosts."""
    many, few = home / "many", home / "few"
    many.mkdir()
    few.mkdir()
    runs = {"1,000, hashed": opsterm(many, 1000, "--hashed"), "200": opsterm(few, 200)}
    found = medians(with_clush(runs, 1000))
    if "clush" in found:
        assert ratio(found, "1,000, hashed", "clush", "wall_s") <= 0.8
    assert ratio(found, "1,000, hashed", "200", "client_cpu_s") <= 1.2 * 1000 / 200


def test_a_megabyte_from_fifty(home: Path) -> None:
    runs = {"opsterm": approved(home, 50, "--mb"), "xargs ssh": peer("xargs-ssh", 50, "--mb")}
    found = medians(with_clush(runs, 50, "--mb"))
    if "clush" in found:
        assert ratio(found, "opsterm", "clush", "client_cpu_s") <= 0.1
    assert ratio(found, "opsterm", "xargs ssh", "client_cpu_s") <= 0.7


def test_with_a_round_trip_of_fifty_milliseconds(home: Path) -> None:
    options = ("--rtt", "50")
    runs = {"opsterm": opsterm(home, 200, *options), "xargs ssh": peer("xargs-ssh", 200, *options)}
    found = medians(with_clush(runs, 200, *options))
    ratio(found, "opsterm", "xargs ssh", "wall_s")
    if "clush" in found:
        assert ratio(found, "opsterm", "clush", "wall_s") <= 0.65


def test_later_rounds_on_open_connections(home: Path) -> None:
    """The same command again in the same process, beside ssh with ControlMaster."""
    masters = measured("--tool", "xargs-ssh-cm", "--n", "200", "--rounds", str(ROUNDS), *PEER)[1:]
    later = rounds(home, 200)[1:]
    here = {key: statistics.median(phase[key] for phase in later) for key in ("wall_s", "cpu_s")}
    wall = here["wall_s"] / statistics.median(phase["wall_s"] for phase in masters)
    cpu = here["cpu_s"] / statistics.median(phase["client_cpu_s"] for phase in masters)
    grown = (later[-1]["resident_kb"] - later[-1]["before_kb"]) / 200
    print(
        f"\na later round: wall {here['wall_s']:.2f} s ({wall:.2f} of ControlMaster), CPU {5 * here['cpu_s']:.2f} ms a "
        f"target ({cpu:.2f} of ControlMaster), {grown:.0f} KB a connection"
    )
    assert wall <= 0.5
    assert cpu <= 0.12
    assert grown <= 60


def rounds(home: Path, hosts: int) -> Sequence[Figures]:
    """Return the figures of several rounds in one process of ours."""
    with_fleet(home, hosts)
    figures = home / "figures"
    path = f"PYTHONPATH={Path(__file__).parents[2]}"
    words = [*ours(home)[:3], path, sys.executable, "-m", fanout_rounds.__name__]
    words += ["{sshcfg}", "{conc}", str(ROUNDS + 1), str(figures)]
    measured("--tool", "cmd", "--n", str(hosts), "--", *words)
    found: list[Figures] = json.loads(figures.read_text())
    return found


def test_keys_of_the_cockpit_during_a_fan_out(home: Path) -> None:
    """Letters typed at random moments while 2,000 fresh targets are asked, beside the library as its manual shows."""
    tamed = busy_cockpit(home, "ours", 10)
    wide = busy_cockpit(home, "ours", 50)
    untamed = busy_cockpit(home, "untamed", 50)
    for name, run in (("10 at once", tamed), ("50 at once", wide), ("untamed, 50", untamed)):
        print(f"\n{name}: key p50 {run['p50_ms']:.0f} ms, p99 {run['p99_ms']:.0f} ms, {run['lost']:.0f} later than "
              f"2 s; {run['ended']:.0f} targets, {run['ended'] / run['seconds']:.0f} a second", end="")  # fmt: skip
    keys = tamed["p99_ms"] / untamed["p99_ms"]
    throughput = (tamed["ended"] / tamed["seconds"]) / (untamed["ended"] / untamed["seconds"])
    print(f"\np99 {keys:.2f} of the untamed one, throughput {throughput:.2f} of it")
    assert keys <= 0.25
    assert throughput >= 0.95


def busy_cockpit(home: Path, how: str, parallel: int, hosts: int = 2000) -> Figures:
    """Return the figures of the keys in a cockpit that asks so many targets, and how many it asked in what time."""
    keys = os.environ.get("SPEED_HARNESS", "")
    if not keys:
        pytest.skip("SPEED_HARNESS names no harness: the keys were NOT timed")
    with_fleet(home, hosts)
    timed, tally, script = home / "timed", home / "tally", home / "run.sh"
    cockpit = [*ours(home)[:3], f"PYTHONPATH={Path(__file__).parents[2]}", sys.executable, "-m", busy.__name__]
    cockpit += [how, str(parallel), "$1", "$2", str(hosts), str(tally)]
    options = ["--json", "--size", "120x40", "--ready", "cpu", *CHAT_LINE, "--probes", "104", "--idle", "0"]
    words = " ".join([sys.executable, keys, *options, "--", *cockpit])
    script.write_text(f"#!/bin/sh\n{words} > {timed}\ncat {timed}\n")
    asked = ["--", "sh", str(script), "{sshcfg}", "{known_hosts}"]
    harness("--tool", "cmd", "--n", str(hosts), "--match", "p99_ms", *asked)
    return {**json.loads(timed.read_text().splitlines()[-1]), **json.loads(tally.read_text())}
