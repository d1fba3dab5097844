"""Orders: "run `df -h` on web-[01-03]". They become proposals; whatever is not explicit is asked, never guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from opsterm.assistant.intents.names import Intent
from opsterm.assistant.interpretation import Interpretation
from opsterm.assistant.jobs.errand import job_errand
from opsterm.assistant.queries import HostQuestion, RunRequest
from opsterm.assistant.query_words import HostTopic
from opsterm.assistant.reading import Sentence, asked, take_targets, understood
from opsterm.assistant.target_phrase import TargetPhrase
from opsterm.assistant.tokens import Token
from opsterm.assistant.vocabulary import words
from opsterm.inventory.selector import parse_selector
from opsterm.inventory.service_commands import SYSTEMD, service_command
from opsterm.policy.readonly import READ_ONLY, STARTERS

_VERBS = frozenset({"run", "execute", "exec", "propose"})
_SERVICE_VERBS = frozenset({"restart", "start", "stop", "reload", "enable", "disable"})
_OTHER_VERBS = words(
    "reboot shutdown poweroff halt kill install uninstall remove delete update upgrade patch clean clear mount unmount "
    "deploy rollback create add edit change set copy move rename format purge drop truncate block unblock"
)
ACTING_VERBS = _VERBS | _SERVICE_VERBS | _OTHER_VERBS
"""Verbs that open an order."""

_PREFIX = words("please can could would will you to let us now and then also go ahead just try hey ok okay")
_PERMISSIONS = (("can", "i"), ("could", "i"), ("can", "we"), ("could", "we"))
_WISHES = (("i", "want"), ("i", "would", "like"), ("i", "need"), ("we", "need"))
_BEFORE_COMMAND = words("the command following commands shell")
_PLACE = frozenset({"on", "at", "across", "against"})
_THERE = frozenset({"there", "them", "those", "these"})
_EVERYWHERE = frozenset({"everywhere", "here", "locally", *_THERE})
_AGAIN = frozenset({"it", "that", "this"})
_FILLERS = words(
    "the a all of our my please in which that are is tagged tag tags group groups site environment env with and "
    "targets "
    "running named called host hosts target machine server too again also"
)
_UNIT = re.compile(r"[A-Za-z0-9@_.:-]+")
COMMANDS = frozenset(READ_ONLY) | frozenset(STARTERS) | words(
    "rm cp mv mkdir rmdir touch chmod chown ln dd tee kill pkill killall reboot shutdown apt apt-get dpkg yum "
    "dnf zypper "
    "pacman snap apk pip useradd usermod userdel groupadd passwd iptables nft ufw firewall-cmd nmcli netplan "
    "docker podman "
    "kubectl helm git make tar gzip gunzip unzip zip mkfs umount fsck lvextend resize2fs logrotate certbot "
    "openssl ansible "
    "puppet chef service truncate sync test printf tree lsof htop iotop nvidia-smi smartctl ethtool tcpdump mtr arping "
    "blkid fdisk parted logger chage getfacl setfacl semanage restorecon modprobe update-grub dracut"
)  # fmt: skip
"""First words of commands."""
_REPEATED = (
    "schedule", "every day", "every night", "every week", "every month", "every hour", "every minute", "daily",
    "weekly", "hourly", "nightly", "monthly", "tomorrow", "tonight", "every monday", "every tuesday", "every wednesday",
    "every thursday", "every friday", "every saturday", "every sunday", "at midnight", "at noon", "next week", "later",
)  # fmt: skip
_ASK_TARGETS = "On which targets? Name them, as in: run `{0}` on web-[01-03]."


def read_order(sentence: Sentence) -> Interpretation | None:
    """Read an order, or return None when the sentence is none. Never returns a proposal without exact targets."""
    doubtful = _doubtful(sentence)
    if doubtful is not None:
        return doubtful
    tokens = after_prefix(sentence.tokens)
    if not tokens:
        return None
    verb = tokens[0].low
    if verb in ("tag", "untag") and set(sentence.lows) & {"as", "with", "from"}:
        return asked(
            Intent.RUN_COMMAND,
            "That would change the inventory; `opsterm targets tag` does it.",
            ["list targets grouped by tag"],
        )
    if verb in _VERBS:
        return _run(sentence, tokens[1:])
    if verb in _SERVICE_VERBS:
        return _service(sentence, verb, tokens[1:])
    if verb in _PLACE:
        return _place_first(sentence, tokens)
    if verb in _OTHER_VERBS and len(tokens) > 1 and sentence.text[tokens[0].end : tokens[0].end + 1] != ":":
        return asked(
            Intent.RUN_COMMAND,
            "That would change something. Say the exact command and where: run `command` on targets.",
            _near_lines(sentence, tokens[1:]),
        )
    return None


def _is_described(said: Sequence[str]) -> bool:
    """Return whether "run" says what something is: "which hosts run FreeBSD", in a story with "later" in it."""
    at = said.index("run")
    return bool({"which", "what", "that", "who"} & set(said[max(0, at - 5) : at]))


def _doubtful(sentence: Sentence) -> Interpretation | None:
    """Answer what speaks of running something without ordering it: "don't run …", "should I run …"."""
    said = sentence.lows
    acts = set(said) & (_VERBS | _SERVICE_VERBS | _OTHER_VERBS | {"schedule"})
    if acts and sentence.has(*_REPEATED) and not (acts <= {"run"} and _is_described(said)):
        return job_errand(sentence)
    if said[:1] in (("do",), ("never",), ("should",), ("must",)) or said[:2] in _PERMISSIONS:
        if set(said) & (_VERBS | _SERVICE_VERBS | {"reboot"}) and not set(said) & {"which", "how", "what", "who"}:
            return asked(Intent.RUN_COMMAND, "Nothing is proposed. To propose a command, say: run `uptime` on web-01.")
        return None
    if said[:1] == ("is",) and "running" in said[2:4] and len(said) > said.index("running") + 2:
        at = said.index("running")
        what = [token for token in sentence.tokens[1:at] if token.low not in ("the", "service")]
        if len(what) == 1 and _UNIT.fullmatch(what[0].text) and what[0].low not in sentence.words.names:
            phrase = take_targets(sentence, sentence.tokens[at + 2 :], fillers=_FILLERS, pointers=_THERE)
            if not phrase.unknown and phrase.says_something and _all_looked_at(sentence, phrase.selector):
                question = HostQuestion(topic=HostTopic.RUNNING, subject=what[0].low, selector=phrase.selector)
                return understood(question, phrase.notes)
            order = _service_proposal(sentence, "is-active", what[0].text, sentence.tokens[at + 2 :])
            return asked(
                Intent.RUN_COMMAND,
                "That is not measured; a command can look.",
                [order.line] if order.line else ["help run"],
            )
    return None


def _all_looked_at(sentence: Sentence, selector: str) -> bool:
    """Return whether looks have shown the service manager of every target: then a profile tells what runs."""
    rows = parse_selector(selector).select(sentence.world.rows)
    return bool(rows) and all(row.target.name in sentence.world.managers for row in rows)


def after_prefix(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return tokens without what is polite in front: "please", "could you", "I want to"."""
    at = 0
    while at < len(tokens):
        said = tuple(token.low for token in tokens[at : at + 3])
        wish = next((len(w) for w in _WISHES if said[: len(w)] == w), 0)
        if not wish and tokens[at].low not in _PREFIX and tokens[at].low != ",":
            break
        at += wish or 1
    return tuple(tokens[at:])


def _place_first(sentence: Sentence, tokens: Sequence[Token]) -> Interpretation | None:
    """Read "on web-01 run uptime"."""
    at = next((i for i, token in enumerate(tokens) if token.low in _VERBS), -1)
    if at < 2:
        return None
    command, rest = _command(sentence, tokens[at + 1 :])
    if rest:
        return asked(Intent.RUN_COMMAND, "Put the command in backticks, so that its end is clear.")
    return _proposal(sentence, command, tokens[1:at])


def _run(sentence: Sentence, tokens: Sequence[Token]) -> Interpretation:
    if any(not char.isprintable() for char in sentence.text):
        return asked(
            Intent.RUN_COMMAND,
            "The command has more than one line, or a character that cannot be seen. Write it on one line.",
        )
    if tokens and tokens[0].low in _AGAIN and not tokens[0].quote:
        return _again(sentence, tokens[1:])
    if tokens and tokens[0].low in _PLACE:
        return _targets_then_command(sentence, tokens)
    command, rest = _command(sentence, tokens)
    if not command:
        return asked(Intent.RUN_COMMAND, "Which command? Put it in backticks, as in: run `uptime` on web-01.")
    if rest and rest[0].low in _PLACE and len(rest) > 1:
        return _proposal(sentence, command, rest[1:])
    if rest and rest[0].low in _EVERYWHERE:
        return _proposal(sentence, command, rest)
    if not rest:
        return asked(Intent.RUN_COMMAND, _ASK_TARGETS.format(command))
    return asked(
        Intent.RUN_COMMAND,
        f"Where does the command end? I do not understand {rest[0].text!r} behind it. Put the command in backticks.",
    )


def _command(sentence: Sentence, tokens: Sequence[Token]) -> tuple[str, tuple[Token, ...]]:
    """Return (the command exactly as written, the tokens behind it); ("", …) when there is none that is clear."""
    at = 0
    while at < len(tokens) and tokens[at].low in _BEFORE_COMMAND:
        at += 1
    rest = tuple(tokens[at:])
    if not rest:
        return "", ()
    if rest[0].quote:
        return rest[0].text.strip(), rest[1:]
    places = [i for i, token in enumerate(rest) if token.low in ("on", "across") and not token.quote]
    if len(places) > 1 or rest[0].low not in COMMANDS:
        return "", rest
    end = places[0] if places else len(rest) - 1 if rest[-1].low in _EVERYWHERE and len(rest) > 1 else len(rest)
    if end == 0:
        return "", rest
    last = rest[end].start if end < len(rest) else len(sentence.text)
    return sentence.text[rest[0].start : last].strip(), rest[end:]


def _targets_then_command(sentence: Sentence, tokens: Sequence[Token]) -> Interpretation:
    """Read "run on web-01: uptime" with the command in backticks or behind a double dash."""
    at = next((i for i, token in enumerate(tokens) if token.quote or token.text == "--"), -1)
    if at < 0:
        return asked(Intent.RUN_COMMAND, "Which command? Put it in backticks, as in: run `uptime` on web-01.")
    if tokens[at].quote:
        if tokens[at + 1 :]:
            return asked(Intent.RUN_COMMAND, f"I do not understand {tokens[at + 1].text!r} behind the command.")
        return _proposal(sentence, tokens[at].text.strip(), tokens[1:at])
    return _proposal(sentence, sentence.text[tokens[at].end :].strip(), tokens[1:at])


def _again(sentence: Sentence, tokens: Sequence[Token]) -> Interpretation:
    """Read "run it there", "run that on web-02"."""
    command = sentence.memory.command(sentence.world.now)
    if not command:
        return asked(Intent.RUN_COMMAND, "No command was spoken of lately. Say it: run `uptime` on web-01.")
    rest = tuple(token for token in tokens if token.low not in ("again", "please", "too", "also"))
    if rest and rest[0].low in _PLACE:
        rest = rest[1:]
    if not rest:
        return asked(Intent.RUN_COMMAND, _ASK_TARGETS.format(command))
    return _proposal(sentence, command, rest, note=f"The command is the one spoken of before: {command}.")


def _proposal(sentence: Sentence, command: str, where: Sequence[Token], *, note: str = "") -> Interpretation:
    """Return a proposal when the targets are exact and there is at least one, else a question."""
    if not command:
        return asked(Intent.RUN_COMMAND, "Which command? Put it in backticks, as in: run `uptime` on web-01.")
    if not command.isprintable():
        return asked(Intent.RUN_COMMAND, "The command has a character that cannot be seen. Write it on one line.")
    phrase = take_targets(sentence, where, fillers=_FILLERS, pointers=_THERE)
    if phrase.unknown:
        return _unclear_targets(sentence, phrase)
    if not phrase.says_something:
        return asked(Intent.RUN_COMMAND, _ASK_TARGETS.format(command))
    if phrase.absent or not count_targets(sentence, phrase.selector):
        nothing = f"No target matches {phrase.selector}, so there is nothing to propose."
        return asked(
            Intent.RUN_COMMAND,
            " ".join([*phrase.notes, "Nothing is proposed."]) if phrase.absent else nothing,
            phrase.near_lines or ["list targets grouped by group"],
        )
    notes = [*phrase.notes, *([note] if note else [])]
    return understood(RunRequest(selector=phrase.selector, command=command), notes)


def count_targets(sentence: Sentence, selector: str) -> int:
    """Return how many targets a canonical selector means now."""
    return len(parse_selector(selector).select(sentence.world.rows))


def _unclear_targets(sentence: Sentence, phrase: TargetPhrase) -> Interpretation:
    said = ", ".join(repr(word) for word in dict.fromkeys(phrase.unknown))
    near = f" Known and alike: {', '.join(phrase.near)}." if phrase.near else ""
    return Interpretation(
        intent=Intent.RUN_COMMAND,
        question=f"I do not know the target {said}, and I do not guess where a command runs.{near}",
        unknown=tuple(dict.fromkeys(phrase.unknown)),
        alternatives=phrase.near_lines or ("list targets grouped by group",),
    )


def _near_lines(sentence: Sentence, tokens: Sequence[Token]) -> list[str]:
    phrase = take_targets(sentence, tokens)
    if phrase.selector and not phrase.unknown:
        return [f"list targets where {phrase.selector}"]
    return list(phrase.near_lines)


def _service(sentence: Sentence, verb: str, tokens: Sequence[Token]) -> Interpretation | None:
    """Read "restart the nginx service on web-01"; without the word service it says what it took for one."""
    place = next((i for i, token in enumerate(tokens) if token.low in ("on", "across", "at")), -1)
    said = tokens[:place] if place >= 0 else tokens
    what = [token for token in said if token.low not in ("the", "a", "service", "services", "unit")]
    clear = any(t.low in ("service", "unit") for t in said) or any(t.low.endswith(".service") for t in what)
    if not what:
        return asked(Intent.RUN_COMMAND, f"Which service, and where? As in: {verb} the nginx service on web-01.")
    unit = what[0].text
    if len(what) > 1 or place < 0 or not _UNIT.fullmatch(unit) or unit.startswith("-"):
        return asked(
            Intent.RUN_COMMAND,
            f"Say the exact command and where it shall run, as in: run `systemctl {verb} nginx` on web-01.",
        )
    proposal = _service_proposal(sentence, verb, unit, tokens[place + 1 :])
    if proposal.query is None or clear:
        return proposal
    if unit.lower() in sentence.words.names:
        return asked(Intent.RUN_COMMAND, f"{unit} is a target. Which service is to {verb}, and where?", [proposal.line])
    return replace(proposal, notes=(*proposal.notes, f"{unit} is taken for a service."))


def _service_proposal(sentence: Sentence, verb: str, unit: str, where: Sequence[Token]) -> Interpretation:
    """Return a proposal in the words of the service manager that looks at the targets have shown, else of systemd."""
    made = _proposal(sentence, service_command(SYSTEMD, verb, unit), where)
    if not isinstance(made.query, RunRequest):
        return made
    rows = parse_selector(made.query.selector).select(sentence.world.rows)
    managers = {sentence.world.managers.get(row.target.name, "") or SYSTEMD for row in rows}
    if len(managers) > 1:
        return asked(
            Intent.RUN_COMMAND,
            f"These targets have different service managers ({', '.join(sorted(managers))}): name those of one kind.",
            [f"list targets where {made.query.selector}"],
        )
    manager = managers.pop()
    command = service_command(manager, verb, unit)
    if not command:
        return asked(Intent.RUN_COMMAND, f"{manager} has no command for {verb}. Say the exact command.")
    return replace(made, query=replace(made.query, command=command))
