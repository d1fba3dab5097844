"""How the knowledge of programs is written down: rows of words, and what they do."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell import deeds
from opsterm.policy.shell.argument import Argument
from opsterm.policy.shell.call import Option, ProgramCall
from opsterm.policy.shell.programs.options import ENDS, is_trial, may_be_value, note_losing, note_unlisted
from opsterm.policy.shell.programs.strangers import note_destroying_word
from opsterm.policy.shell.programs.verbs import CHANGING, TELLING
from opsterm.policy.word_set import word_set

Deed = Callable[[ProgramCall], None]
"""What a program does with a call."""

_CERTAINTIES = {"~": Certainty.LIKELY, "?": Certainty.POSSIBLE}
READ = EffectKind.READ
HELP = ("--help", "--version")
OBJECTS_AT_MOST = 8
"""Objects of one verb that are named one by one."""


@dataclass(frozen=True, slots=True)
class RowEffect:
    """A kind of effect and how sure it is, as a row names it: `data_loss`, `lockout~`, `remote_code?`."""

    kind: EffectKind
    certainty: Certainty


@cache
def outcomes(text: str) -> tuple[RowEffect, ...]:
    """Return what `infra+delete+lockout~` stands for."""
    found = []
    for word in text.split("+"):
        certainty = _CERTAINTIES.get(word[-1], Certainty.CERTAIN)
        found.append(RowEffect(EffectKind(word.rstrip("~?")), certainty))
    return tuple(found)


def note(call: ProgramCall, spec: str, what: Argument | str = "") -> None:
    """Note the effects of a row.

    Args:
        call: the command.
        spec: as `outcomes` reads it; "dark" for one that cannot be followed, "write" for a file that is written.
        what: the object.
    """
    if spec == "dark":
        call.dark(f"What {call.name[:60]} does here cannot be followed.")
        note_destroying_word(call)
        return
    if spec == "write":
        if isinstance(what, Argument):
            deeds.write(what, call.notes, call.frame, call.span, replaces=True)
        return
    for one in outcomes(spec):
        call.add(one.kind, what, one.certainty)


@cache
def rows(text: str) -> Mapping[str, str]:
    """Return verb -> effects of a table: lines `effects: verb verb/subverb …`, a slash between words that follow."""
    table: dict[str, str] = {}
    for line in text.strip().splitlines():
        spec, _, verbs = line.strip().partition(": ")
        for verb in verbs.split():
            table[verb.replace("/", " ")] = spec.strip()
    return table


@cache
def groups_of(text: str) -> frozenset[str]:
    """Return the verbs of a table that others begin with: `connection` alone shows, and must not with an unknown word."""
    verbs = rows(text)
    return frozenset(verb for verb in verbs if any(other.startswith(f"{verb} ") for other in verbs))


@cache
def _acts(text: str) -> Mapping[str, str]:
    return dict(pair.split("=", 1) for pair in text.split())


_SHOWS = re.compile(
    r"(?:list|ls|show|describe|status|info|version|history|help|check|is|exists|query|whoami)(?:[-_][a-z_-]+)?|"
    r"get[-_](?!credentials|login|token|password|secret|key)[a-z_-]+|[a-z_-]+[-_](?:list|ls|status|info|show|exists|stats|history)|exists"
)
_SHOWS_BEHIND = re.compile(r"get|view|find|search|logs?|inspect|stats|validate|lookup|usage|summary|health|tree|diff")
"""Verbs that only behind a noun are sure to show it: `backup get`, but `get` alone may fetch a file."""
_SECRET = re.compile(r"(?:secret|token|password|credential|key|item|kubeconfig)s?")
"""Nouns of which a get may tell what nobody should see."""
_NOUN = re.compile(r"[a-z][a-z0-9-]*")


def _only_shows(texts: Sequence[str], table: Mapping[str, str]) -> bool:
    """Return whether words that no row knows name something and then show it: `kv metadata list`.

    A word that a row does know, as one that runs or changes something, is believed before this.
    """
    for at, text in enumerate(texts[:3]):
        if _SECRET.fullmatch(text):
            return False
        if _SHOWS.fullmatch(text) or (at and _SHOWS_BEHIND.fullmatch(text)):
            return not any(word in CHANGING for word in texts[at + 1 : at + 3])
        if not _NOUN.fullmatch(text) or text in CHANGING or table.get(text, "read") != "read":
            return False
    return False


_TRIES = re.compile(r"--(?:config-?)?(?:test|check|validate)(?:-?conf(?:ig)?)?")
"""Options with which a server only looks at its settings."""


def asks_for_help(call: ProgramCall) -> bool:
    """Return whether it only prints how it is called, or its version."""
    asked = any(
        option.value is None and (option.name != "--version" or not _goes_before_a_word(call, option))
        for option in call.options
        if option.name in HELP
    )
    return asked or (len(call.arguments) == 1 and call.arguments[0].text in ("-h", "-V", "-v", "-?", "help", "version"))


def _goes_before_a_word(call: ProgramCall, option: Option) -> bool:
    """Return whether a word follows, which may be the version that is meant: `install web --version 1.2`."""
    at = next((at for at, word in enumerate(call.arguments) if word is option.word), len(call.arguments))
    return at + 1 < len(call.arguments) and not call.arguments[at + 1].text.startswith("-")


def reads(takes: str = "", *, acts: str = "", dash_long: bool = False, content: bool = True, skip: int = 0,
          most: int = 100_000, beyond: str = "dark") -> Deed:  # fmt: skip
    """Return a deed of a program that only reads.

    Args:
        takes: options with a value.
        acts: option=effects of those that do more; the option's value, or else nothing, is the object.
        dash_long: whether a single dash begins a whole word.
        content: whether the words are paths whose contents are shown.
        skip: words in front that are no paths.
        most: words it may have; with more of them it is `beyond`.
        beyond: what it does with more words.
    """
    options, acting = word_set(takes), _acts(acts)

    def deed(call: ProgramCall) -> None:
        call.take(options, long=acting, dash_long=dash_long)
        if asks_for_help(call):
            call.add(READ)
            return
        note_unlisted(call, {*options, *acting})
        for option in call.options:
            spec = acting.get(option.name)
            if spec:
                note(call, spec, option.value or option.name)
        if len(call.words) > most:
            note(call, beyond, call.words[most])
        paths = call.words[skip:] if content else []
        for path in paths:
            deeds.read(path, call.notes, call.frame, call.span)
        if not paths:
            call.add(READ)

    return deed


@dataclass(frozen=True, slots=True, kw_only=True)
class Verbs:
    """A program whose first words say what it does.

    Attributes:
        table: as `rows` reads it.
        takes: options with a value.
        dry: options that make a verb a trial; one that cannot be followed is none.
        tried: verbs that they make a trial; "" for all.
        acts: option=effects whatever the verb.
        forced: option=effects added to a verb that does more than read.
        dash_long: whether a single dash begins a whole word.
        pattern: regular expressions over the words, tried when the table has none: (expression, effects).
        else_: effects of a verb that is in neither.
        alone: effects without any word; "" for reading, or for what a server does that is started so.
        depth: words that a verb has at most.
        shortened: whether a verb may be written by its first letters; of several that fit one that changes counts.
        dashed: whether verbs begin with a dash, so that all options are words: `hdfs dfs -rm`.
    """

    table: str
    takes: str = ""
    dry: str = ""
    tried: str = ""
    acts: str = ""
    forced: str = ""
    dash_long: bool = False
    pattern: tuple[tuple[str, str], ...] = ()
    else_: str = "dark"
    alone: str = ""
    depth: int = 3
    shortened: bool = False
    dashed: bool = False

    def __call__(self, call: ProgramCall) -> None:
        """Note what the call does."""
        acting, forced = _acts(self.acts), _acts(self.forced)
        call.take(word_set(self.takes), long=(*acting, *forced, *self.dry.split()), dash_long=self.dash_long)
        if self.dashed:
            call.words = call.arguments
        spec, rest = self.verb_of(call)
        if asks_for_help(call) or self._is_dry(call, spec) or self._ends_in_help(call):
            call.add(READ)
            return
        if not call.words and call.arguments and not self.table.strip():
            spec = self.else_
        for option in call.options:
            if option.name in acting:
                note(call, acting[option.name], option.value or option.name)
            elif spec != "read" and option.name in forced:
                note(call, forced[option.name], rest[0] if rest else "")
        if spec == "read":
            note_unlisted(call, {*word_set(self.takes), *acting, *forced, *self.dry.split()})
        elif call.has(*ENDS):
            call.add(EffectKind.REBOOT)
        named = [word for word in rest if not (self.dashed and word.text.startswith("-"))]
        objects: Sequence[Argument | str] = named[:OBJECTS_AT_MOST] or [""]
        for what in objects if spec != "read" else objects[:1]:
            note(call, spec, what)

    def _ends_in_help(self, call: ProgramCall) -> bool:
        """Return whether a verb is followed by nothing but the question how it is used: `crane mutate -h`."""
        options = [option.name for option in call.options]
        return options in (["-h"], ["-?"]) and call.arguments[-1].text == options[0] and "-h" not in self.takes.split()

    def _is_dry(self, call: ProgramCall, spec: str) -> bool:
        tries = call.word(0) in self.tried.split() if self.tried else spec != "dark"
        return tries and is_trial(call, self.dry.split())

    def verb_of(self, call: ProgramCall) -> tuple[str, list[Argument]]:
        """Return the effects of the verb; a word that may be the value of an option does not hide a verb behind it."""
        spec, rest = self.verb(call.words)
        for at, word in enumerate(call.words[:-1]):
            if spec not in ("read", self.else_) or not may_be_value(call, word):
                break
            later, behind = self.verb(call.words[at + 1 :])
            spec, rest = (later, behind) if later != self.else_ else (spec, rest)
        return spec, rest

    def _goes_on(self, texts: Sequence[str], length: int) -> bool:
        """Return whether a noun that is shown when it stands alone is followed by what is done to it."""
        return " ".join(texts[:length]) in groups_of(self.table) or (
            texts[length - 1] not in TELLING and any(text in CHANGING for text in texts[length : length + 3])
        )

    def verb(self, words: Sequence[Argument]) -> tuple[str, list[Argument]]:
        """Return the effects of the longest verb that the words begin with, and the words behind it."""
        table = rows(self.table)
        texts = [word.text for word in words]
        if not texts:
            return self.alone or (self.else_ if self.else_ == "service_start" else "read"), []
        for length in range(min(self.depth, len(texts)), 0, -1):
            name = " ".join(texts[:length])
            spec = table.get(name)
            if spec is not None and (length == len(texts) or spec != "read" or not self._goes_on(texts, length)):
                return spec, list(words[length:])
        line = " ".join(texts)
        for expression, spec in self.pattern:
            if re.search(expression, line):
                return spec, list(words[1:])
        if self.shortened and (specs := {spec for verb, spec in table.items() if verb.startswith(texts[0])}):
            return next((spec for spec in specs if spec != "read"), "read"), list(words[1:])
        told = self.else_ not in ("service_start", "read_secret") and not any(
            verb.startswith(f"{line} ") for verb in table
        )
        if table and told and _only_shows(texts, table):
            return "read", list(words[1:])
        return self.else_, list(words[1:])


def fixed(spec: str, takes: str = "", *, dry: str = "", words: bool = True) -> Deed:
    """Return a deed of a program that does one thing to each of its words; with a dry option it only reads."""
    options, trial = word_set(takes), word_set(dry)

    def deed(call: ProgramCall) -> None:
        call.take(options, long=trial)
        tries = spec == "service_start" and any(_TRIES.fullmatch(option.name) for option in call.options)
        if asks_for_help(call) or is_trial(call, trial) or tries:
            call.add(READ)
            return
        note_losing(call)
        objects: Sequence[Argument | str] = (call.words[:OBJECTS_AT_MOST] if words else []) or [""]
        for what in objects:
            note(call, spec, what)

    return deed


def by_option(table: str, takes: str = "", *, else_: str, dash_long: bool = False, dry: str = "", tried: str = "",
              modes: bool = False) -> Deed:  # fmt: skip
    """Return a deed of a program whose options say what it does.

    Args:
        table: lines `effects: option option …`; the first line with an option that was given counts, and one of `read`
            only when no other does.
        takes: options with a value.
        else_: effects without any of them.
        dash_long: whether a single dash begins a whole word.
        dry: options that make it a trial.
        tried: effects that they keep from happening; "" for all.
        modes: whether a line of `read` is a mode, in which the other letters mean something else.
    """
    options, trial = word_set(takes), word_set(dry)
    lines = [line.strip().partition(": ") for line in table.strip().splitlines()]
    ordered = [(spec, names.split()) for spec, _, names in lines]
    known = [name for _, names in ordered for name in names]

    def deed(call: ProgramCall) -> None:
        call.take(options, long=(*known, *trial), dash_long=dash_long)
        given = [spec for spec, names in ordered if call.has(*names)]
        spec = next((spec for spec in given if spec != "read" or modes), given[0] if given else else_)
        if asks_for_help(call) or (is_trial(call, trial) and (not tried or spec in tried.split())):
            call.add(READ)
            return
        if spec == "read":
            note_unlisted(call, {*options, *trial, *known})
        values = [option.value or "" for option in call.options if any(option.name in names for _, names in ordered)]
        objects: Sequence[Argument | str] = values if spec == "write" else call.words[:OBJECTS_AT_MOST] or values  # fmt: skip
        for what in objects or [""]:
            note(call, spec, what)

    return deed


def first_of(call: ProgramCall, names: Collection[str]) -> str:
    """Return the first word of the call that is one of the names, "" for none."""
    return next((word.text for word in call.words if word.text in names), "")
