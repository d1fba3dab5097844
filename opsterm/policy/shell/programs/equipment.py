"""Disk controllers and graphics processors, whose words are a language of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping

from opsterm.policy.effects import EffectKind
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.programs.calling import Deed, asks_for_help, note
from opsterm.policy.word_set import word_set

_LOSES = r"(?i)\b(?:-?(?:cfg\w*(?:del|clr|clear)|ldclear|cfgforeignclear|pdclear|newarray|cfgeachdskraid0|discarddiskcache)\w*|del(?:ete)?|erase|clear|init|format|secureerase)\b"
_SHOWS = r"(?i)(?:info|list|show|get|display|status|alive|dump|summary|count|showsummary|fwtermlog|eventlog)"


def _controller(call: ProgramCall) -> None:
    """Follow MegaCli, tw_cli, sas2ircu and their kin: words of their own, which say what they do."""
    line = " ".join(word.text for word in call.arguments)
    if not call.arguments or asks_for_help(call):
        call.add(EffectKind.READ)
    elif re.search(_LOSES, line):
        note(call, "data_loss", line[:80])
    elif re.search(r"(?i)-?(?:pd)?(?:offline|markmissing|prprmv)|\bremove\b|\bunconfig\b|shutdown", line):
        note(call, "infra+service_stop", line[:80])
    elif re.search(_SHOWS, line) and not re.search(
        r"(?i)-?\w*(?:set|write|enable|disable|start|add|create)\w*\b", line
    ):
        call.add(EffectKind.READ)
    else:
        note(call, "infra", line[:80])


def _nvidia(call: ProgramCall) -> None:
    """Follow nvidia-smi: a few options set something, a reset stops what runs on the processor."""
    call.take(word_set("-i -d -f -l -lms --id --display --filename -pl -pm -c -e -ac -lgc -mig"), dash_long=True)
    if call.has("-r", "--gpu-reset"):
        note(call, "infra+service_stop", "GPU")
    elif call.has("-pl", "-pm", "-c", "-e", "-ac", "-rac", "-lgc", "-rgc", "-mig", "--power-limit", "--persistence-mode", "--compute-mode", "--ecc-config",
                  "--applications-clocks", "--lock-gpu-clocks", "-p", "--reset-ecc-errors", "-am", "-caa"):  # fmt: skip
        note(call, "kernel_param", "GPU")
    elif call.word(0) == "mig" and any(re.match(r"-[cd][gi]i|-C", word.text) for word in call.arguments):
        note(call, "infra", "GPU")
    elif call.word(0) in ("mig", "vgpu", "nvlink", "topo", "dmon", "pmon", "daemon", "replay", "stats", "clocks", ""):
        call.add(EffectKind.READ)
    else:
        note(call, "infra")


PROGRAMS: Mapping[str, Deed] = {
    **dict.fromkeys(
        ("megacli", "MegaCli", "MegaCli64", "megacli64", "tw_cli", "tw-cli", "sas2ircu", "sas3ircu", "lsiutil", "hpasmcli",
         "mpt-status", "cciss_vol_status", "aaccli"),
        _controller,
    ),
    "nvidia-smi": _nvidia,
}  # fmt: skip
