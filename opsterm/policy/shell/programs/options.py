"""Options that mean the same wherever they occur: a file is written, something is deleted, started or changed.

A row of a program names the options that are known to matter. Of all others the name is judged here, so that an option
that nobody thought of does not pass for reading.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell import deeds
from opsterm.policy.shell.argument import Argument
from opsterm.policy.shell.call import Option, ProgramCall
from opsterm.policy.word_set import word_set

_LOSING = re.compile(
    r"--?(?:delete|remove|destroy|purge|wipe|erase|reset|clear|format|zap|drop|prune|flush|uninstall)(?=[-=]|$)"
)
_ACTING = re.compile(
    r"--?(?:(?:set|write(?!-out)|exec|execute|fix|apply|update|install|add|create|enable|disable|restart|reboot|kill|repair|restore|"
    r"upload|push|enroll|unload|upgrade|overwrite|truncate|in-place|inplace|mount|umount|attach|detach)(?=[-=]|$)|"
    r"(?:start|stop|run|load|import|edit|modify|change|save|send|post|register|replace|force|hook|script|eval)(?==|$))"
)
_FORMATS = re.compile(
    r"(?:json|jsonl|ndjson|yaml|yml|wide|table|csv|tsv|text|txt|name|xml|html|plain|pretty|compact|long|short|raw|id|brief|md|markdown|dot|"
    r"sarif|template|value|lines?|full|quiet|list|prom|influx|cyclonedx|spdx|go-template|custom-columns|jsonpath|columns?|fields?|cat|"
    r"verbose|export|with-unit|none|default|line|summary)"
    r"(?:[-=,:].*)?|-|/dev/(?:null|stdout|stderr)|[A-Za-z_%+]+(?:,[A-Za-z_%+:]+)+",
    re.IGNORECASE,
)
OUTPUT = word_set(
    "-o -O --output --out --output-file --outfile --out-file --log-file --logfile --log --report-file --save --dump-to"
)
"""Options whose value is a file that is written, or the form of what is printed."""
_FILE = re.compile(r"^[./~$]|/|\.\w{1,6}$")
_REVEALS = re.compile(
    r"--(?:show|reveal|with|decrypt)-?(?:secrets?|passwords?|tokens?|keys?|decryption|sensitive|values)|--reveal"
)
ENDS = ("--reboot", "--shutdown", "--poweroff", "--halt", "--autopoweroff")
"""Options with which the host goes down afterwards, whatever the verb."""


def note_losing(call: ProgramCall) -> bool:
    """Note options by whose name something is lost, and files that options name for writing.

    Returns:
        Whether something is lost.
    """
    lost = False
    for option in call.options:
        if option.name in ENDS:
            call.add(EffectKind.REBOOT, option.name)
        if _LOSING.match(option.name) and "format" not in option.name:
            for kind, certainty in (
                (EffectKind.INFRA, Certainty.CERTAIN), (EffectKind.DELETE, Certainty.CERTAIN),
                (EffectKind.DATA_LOSS, Certainty.LIKELY),
            ):  # fmt: skip
                call.add(kind, option.name, certainty)
            lost = True
        elif option.name in OUTPUT and option.value is not None and not _FORMATS.fullmatch(option.value.text):
            deeds.write(option.value, call.notes, call.frame, call.span, replaces=True)
    return lost


_DENIED = word_set("false f no n none off 0 never without disable") | {""}
"""Values with which an option is taken back."""


def is_trial(call: ProgramCall, names: Collection[str]) -> bool:
    """Return whether one of these options is given and none is taken back: `--dry-run=none`, `-s=no`, `--no-dry-run`."""
    given = [option for option in call.options if option.name in names]
    back = ("-=", "--", *(f"--no-{name[2:]}" for name in names if name.startswith("--")))
    return (
        bool(given)
        and not any(option.name in back and option.name not in names for option in call.options)
        and all(o.value is None or (o.value.known and o.value.text.lower() not in _DENIED) for o in given)
    )


def may_be_value(call: ProgramCall, word: Argument, flags: Collection[str] = ()) -> bool:
    """Return whether a word stands behind an option of which no row says whether it has a value: `--level info stop`.

    Args:
        call: the command, its options taken.
        word: one of its words.
        flags: options that are known to have no value.
    """
    at = next((at for at, one in enumerate(call.arguments) if one is word), 0)
    before = call.arguments[at - 1] if at else None
    return before is not None and any(
        option.word is before and option.value is None and option.name not in flags for option in call.options
    )


def acting_option(call: ProgramCall, listed: Collection[str] = ()) -> Option | None:
    """Return the first option by whose name something is done, None for none.

    Args:
        call: the command, its options taken.
        listed: options of which a row says what they do; they are not judged by their name.
    """
    return next((one for one in call.options if one.name not in listed and _ACTING.match(one.name)), None)


def note_revealing(call: ProgramCall) -> None:
    """Note options with which secrets are shown: `stack output --show-secrets`."""
    for option in call.options:
        if _REVEALS.fullmatch(option.name):
            call.add(EffectKind.READ_SECRET, option.name)


def note_unlisted(call: ProgramCall, listed: Collection[str]) -> None:
    """Note what long options that no row names do to a command that only reads by its verb.

    Args:
        call: the command, its options taken.
        listed: options that rows name.
    """
    note_revealing(call)
    for option in call.options:
        if option.name in listed or not option.name.startswith("--"):
            continue
        if (_LOSING.match(option.name) and "format" not in option.name) or _ACTING.match(option.name):
            call.dark(f"What {option.name[:40]} of {call.name[:60]} does is not known to this check.")
        elif option.name in OUTPUT:
            value = option.value or _behind(call, option)
            if value is not None and _names_a_file(value.text):
                deeds.write(value, call.notes, call.frame, call.span, replaces=True)


def _behind(call: ProgramCall, option: Option) -> Argument | None:
    """Return the word behind an option of which no row says whether it has a value."""
    at = next((at for at, word in enumerate(call.arguments) if word is option.word), len(call.arguments))
    following = call.arguments[at + 1 : at + 2]
    return following[0] if following and not following[0].text.startswith("-") else None


def _names_a_file(value: str) -> bool:
    return _FILE.search(value) is not None and _FORMATS.fullmatch(value) is None
