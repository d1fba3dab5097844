"""Programs that measure, trace, tune or wait for another one, which they start."""

from __future__ import annotations

import re
from collections.abc import Mapping

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell import deeds
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.programs.calling import Deed
from opsterm.policy.shell.programs.starters import starts, without_variables
from opsterm.policy.word_set import word_set

_SLURM = (
    "-n -N -c -p -t -A -J -w -x -o -e -q -C -d -M --ntasks --nodes --cpus-per-task --partition --time --account --job-name "
    "--nodelist --exclude --output --error --gres --mem --jobid --qos --constraint --reservation"
)
_PERF_TAKES = word_set(
    "-e -p -t -C -o -i -F -c -g -r -I -G -D -m -s -k --event --pid --tid --cpu --output --input --freq --count --repeat "
    "--call-graph --delay --duration --sort --filter --interval-print --cgroup"
)
_PERF_SHOWS = word_set("report annotate script list diff evlist version buildid-list top config kallsyms bench test")


def _perf(call: ProgramCall) -> None:
    """Follow perf: the command that it measures, and the file of a record."""
    verb = call.arguments[0].text if call.arguments else ""
    inner = ProgramCall("perf", call.first, call.arguments[1:], call.notes, call.frame)
    inner.take(_PERF_TAKES, in_order=True)
    output = inner.value("-o", "--output")
    if output is not None:
        deeds.write(output, call.notes, call.frame, call.span, replaces=True)
    if verb == "probe":
        call.add(EffectKind.READ if inner.has("-l", "--list", "-L") else EffectKind.KERNEL_PARAM, "probes")
    elif verb in _PERF_SHOWS or verb in ("", "help") or verb.startswith("-"):
        call.add(EffectKind.READ)
    else:
        if verb not in ("stat", "trace"):
            call.add(EffectKind.WRITE_FILE, output or "perf.data")
        words = inner.words[1:] if inner.word(0) in ("record", "report", "stat", "latency") else inner.words
        if words and inner.word(0) != "report":
            call.start(words, "perf")
        call.add(EffectKind.READ)


def _tunes(starting: Deed) -> Deed:
    """Return a deed of taskset, chrt and ionice: with -p they show or set what a process has already."""

    def deed(call: ProgramCall) -> None:
        call.take(word_set("-c -n --class --classdata --pid") if call.name == "ionice" else ())
        cluster = any(re.fullmatch(r"-[a-z]*p[a-z]*|--pid(?:=.*)?", word.text) for word in call.arguments[:4])
        if not cluster:
            starting(call)
        elif call.has("-c", "-n", "--class", "--classdata") if call.name == "ionice" else len(call.words) > 1:
            call.add(EffectKind.KERNEL_PARAM, call.words[-1] if call.words else "", Certainty.POSSIBLE)
        else:
            call.add(EffectKind.READ)

    return deed


def _waits(call: ProgramCall) -> None:
    """Follow wait4x: it looks at a port until it answers, then starts what stands behind `--`."""
    at = next((at for at, word in enumerate(call.arguments) if word.text == "--"), len(call.arguments))
    if call.arguments[at + 1 :]:
        call.start(call.arguments[at + 1 :], "wait4x")
    call.add(EffectKind.READ)


def _trace(call: ProgramCall) -> None:
    """Follow strace and ltrace: what they trace, and the file that -o writes."""
    call.take(word_set("-e -o -p -s -a -O -S -u -E -P -b -I -X --attach --trace --output --string-limit --user --env --trace-path "
                       "--summary-sort-by --columns --signal --status --inject"), in_order=True)  # fmt: skip
    for value in call.values("-o", "--output"):
        deeds.write(value, call.notes, call.frame, call.span, replaces=True)
    if call.words:
        call.start(without_variables(call, call.words), call.name)
    else:
        call.add(EffectKind.READ)


PROGRAMS: Mapping[str, Deed] = {
    "perf": _perf,
    "turbostat": starts("-i -o -n -s -S --interval --out --num_iterations --show --hide --cpu", writes="-o --out"),
    "grc": starts("-c --config"),
    "wait4x": _waits,
    "runcon": starts("-t -u -r -l --type --user --role --range"),
    "valgrind": starts(),
    "srun": starts(_SLURM),
    "strace": _trace,
    "ltrace": _trace,
    "taskset": _tunes(starts("-c", skip=1)),
    "chrt": _tunes(starts("-T -P -D", skip=1)),
    "ionice": _tunes(starts("-c -n --class --classdata")),
}  # fmt: skip
