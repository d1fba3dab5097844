"""Which targets a phrase means: words of the live inventory to a canonical selector, every word accounted for.

"all windows boxes in prod except web-03" -> `os:windows and env:prod and not web-03`. Words of one kind that are
joined by `and`, `or` or a comma are alternatives (a target has one operating system, one site); tags joined by `and`
must all be there. Names are taken only when they are exact.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from opsterm.assistant.cities import city_site
from opsterm.assistant.labels import absent_note, label_before, label_in_list, log_in_at
from opsterm.assistant.near import near_lines, near_words
from opsterm.assistant.phrasal import belongs_to_a_verb
from opsterm.assistant.systems import read_desktops, read_system
from opsterm.assistant.target_phrase import TargetPhrase
from opsterm.assistant.terms import TargetTerm, expression, systems_text
from opsterm.assistant.tokens import Token
from opsterm.assistant.vocabulary import ALIASES, FILLERS, NOUNS, PROTOCOL_WORDS, STATUS_WORDS, SYSTEMS
from opsterm.assistant.world import Vocabulary
from opsterm.core.errors import BadInput
from opsterm.inventory.selector import parse_selector
from opsterm.inventory.target import LOCALHOST

_RANGE = re.compile(r"[A-Za-z0-9_.:@-]*(?:\[[0-9,-]+\]|[*?])[A-Za-z0-9_.:@*?\[\],-]*")
_TERM = re.compile(r"(!?)([A-Za-z]+)(!?[:=~])(\S.*)")
_ADDRESS = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3})(?:/(8|16|24|32))?")
_JOINS = {"and": "and", "or": "or", ",": "or", "plus": "or", "&": "and"}
_HERE = ("here", "localhost", "locally", "myself")
_NEGATIONS = frozenset(
    {"not", "except", "excluding", "without", "no", "non", "but", "besides", "minus", "outside", "drop", "lose"}
)
_SCOPED = frozenset({"except", "excluding", "but", "besides", "minus", "drop", "lose"})
_CONTEXT = {
    "tagged": "tag", "tag": "tag", "tags": "tag", "labelled": "tag", "labeled": "tag", "group": "group",
    "groups": "group",
    "environment": "env", "env": "env", "site": "site", "named": "name", "called": "name", "os": "os", "running": "os",
    "run": "os", "runs": "os",
    "host": "name", "target": "name", "machine": "name", "server": "name",
}  # fmt: skip
_SITES = ("site", "datacentre", "datacenter", "location", "dc")
_AFTER = {"group": "group", "environment": "env", "env": "env", "tag": "tag", **dict.fromkeys(_SITES, "site"),
          "groups": "group", "environments": "env", "sites": "site", "role": "group", "roles": "group"}  # fmt: skip
_SINGLE = frozenset({"name", "os", "env", "site", "status", "protocol", "address", "user", "port"})
_JUST = frozenset({"just", "only", "simply"})
_WISHING = frozenset({"which", "what", "how", "show", "list", "give", "who", "are"})
_WHERE = frozenset({"site", "env", "status"})
_REFERENCES = frozenset({"those", "them", "these", "same"})


def read_targets(
    tokens: Sequence[Token],
    words: Vocabulary,
    *,
    fillers: frozenset[str] = FILLERS,
    pointers: frozenset[str] = frozenset(),
) -> TargetPhrase:
    """Read a phrase that says which targets are meant. Never raises.

    Args:
        tokens: the phrase, without what belongs to the question itself.
        words: the inventory's words.
        fillers: words that may be passed over.
        pointers: further words that point to what was spoken of, as "there" in an order.
    """
    reading = _Reading(tokens, words, fillers, _REFERENCES | pointers)
    reading.read()
    phrase = TargetPhrase(
        unknown=tuple(reading.unknown),
        everything=reading.everything,
        noun=reading.noun,
        reference=reading.reference,
        notes=tuple(reading.notes),
        absent=tuple(reading.absent),
        near=near_words([*reading.unknown, *reading.absent], words),
        terms=tuple(reading.terms),
        fields=tuple(dict.fromkeys(term.field.strip("\0").partition("\0")[0] for term in reading.terms)),
    )
    phrase.near_lines = near_lines(phrase.near, words)
    try:
        phrase.selector = canonical(" ".join(expression(reading.terms)))
    except BadInput:
        phrase.unknown = (*phrase.unknown, *(token.text for token in tokens))
    return phrase


def canonical(selector: str) -> str:
    """Return a selector as it prints itself, "" for everything. Raises BadInput."""
    parsed = parse_selector(selector)
    return "" if parsed.is_everything else str(parsed)


class _Reading:
    """One pass over the tokens of a phrase."""

    def __init__(
        self, tokens: Sequence[Token], words: Vocabulary, fillers: frozenset[str], pointers: frozenset[str]
    ) -> None:
        self.tokens = tokens
        self.words = words
        self.fillers = fillers
        self.pointers = pointers
        self.terms: list[TargetTerm] = []
        self.unknown: list[str] = []
        self.absent: list[str] = []
        self.notes: list[str] = []
        self.everything = self.noun = self.reference = False
        self._at = 0
        self._join = ""
        self._denied = self._scoped = self._comma = False

    def read(self) -> None:
        while self._at < len(self.tokens):
            self._step()
        if self._denied and not self._scoped:
            self.unknown.append("not")

    def _low(self, offset: int = 0) -> str:
        at = self._at + offset
        return self.tokens[at].low if 0 <= at < len(self.tokens) else ""

    def _step(self) -> None:
        low = self._low()
        if low in _JOINS:
            self._comma = low == ","
            self._join = self._join if self._join == "or" and low == "," else _JOINS[low]
            self._at += 1
            return
        if low in _JUST | _WISHING and self._comma and self.terms and self.terms[-1].denied:
            self._join, self._denied = "", False  # "not staging, just the web servers in prod", "except dev, which …"
        if low == "but" and self.terms and self.terms[-1].denied:
            self._join, self._denied, self._scoped = "", False, False  # "not tagged pci but tagged nginx"
            self._at += 1
            return
        if low in _NEGATIONS:
            self._scoped = self._scoped or low in _SCOPED
            self._denied = True
            self._at += 1
            return
        if self._label_without() or self._take_term() or self._desktops():
            return
        token = self.tokens[self._at]
        if low in self.pointers and not (low == "there" and self._low(-1) in ("are", "is", "was", "were")):
            self.reference = True
        elif low in NOUNS:
            self.noun = True
        elif low in ("every", "each") and self._low(1) in self.fillers | {""}:
            self.unknown.append(token.text)  # "every monday": the word that it belongs to is not about targets
        elif low in ("all", "every", "everything", "everywhere", "any", "each", "*"):
            self.everything = True
        elif low not in self.fillers:
            self.unknown.append(token.text)
        self._at += 1

    def _label_without(self) -> bool:
        """Read "without a tag", "untagged", "ungrouped": a label that is empty."""
        low = self._low()
        empty = {"untagged": "tag", "ungrouped": "group"}.get(low, "")
        used = 1
        if not empty and self._denied and self._low(-1) in ("without", "no"):
            skip = 1 if low in ("a", "an", "any") else 0
            empty = {"tag": "tag", "tags": "tag", "group": "group", "groups": "group", "site": "site",
                     "environment": "env", "os": "os"}.get(self._low(skip), "")  # fmt: skip
            used = skip + 1
            if empty and self._any_label(self._low(used)):
                empty = ""
        if not empty:
            return False
        self._denied = False
        self._at += used
        self._add(empty, ("",))
        return True

    def _any_label(self, low: str) -> bool:
        return any(low == label.lower() for label in self.words.labels())

    def _take_term(self) -> bool:
        token = self.tokens[self._at]
        for reader in (self._written, self._status, self._here, self._pattern, self._span, self._address):
            if not token.quote and reader(token):
                return True
        return (not token.quote and self._log_in()) or self._labelled()

    def _log_in(self) -> bool:
        """Read "user root", "port 22"."""
        found = log_in_at(self.tokens, self._at, self.fillers | frozenset(_JOINS) | _NEGATIONS)
        if found is None:
            return False
        self._at += found[2]
        self._add(found[0], (found[1],))
        return True

    def _written(self, token: Token) -> bool:
        """Read a term in selector language: tag:win10, os~debian, status!=online."""
        match = _TERM.fullmatch(token.text)
        if not match:
            return False
        try:
            shown = canonical(token.text)
        except BadInput:
            return False
        self._at += 1
        self._raw(shown, match[2].lower())
        return True

    def _raw(self, shown: str, name: str) -> None:
        self.terms.append(TargetTerm(f"\0{name}\0{shown}", (), self._denied, self._taken_join()))
        self._done()

    def _desktops(self) -> bool:
        """Read "the pcs" as the group of such machines; behind another condition it is their noun: "office pcs"."""
        found = read_desktops(self._low(), self.words)
        if found is None:
            return False
        self._at += 1
        behind_label = bool(self.terms) and self.terms[-1].field in ("os", "tag", "group")
        if self.terms and (
            self.terms[-1].denied or (behind_label and self._low(-2) not in self.fillers | _JOINS.keys())
        ):
            self.noun = True
            return True
        self.notes.append(f"{self._low(-1)} is read as the {found[0]} {found[1]}.")
        self._add(found[0], (found[1],))
        return True

    def _status(self, token: Token) -> bool:
        statuses = STATUS_WORDS.get(token.low)
        if not statuses or belongs_to_a_verb(self.tokens, self._at):
            return False
        self._at += 1
        self._add("status", statuses)
        return True

    def _here(self, token: Token) -> bool:
        this = (
            token.low == "this" and self._low(1) in NOUNS and self._low(1) not in ("one", "ones", "inventory", "fleet")
        )
        if not this and (token.low not in _HERE or token.low in self.pointers):
            return False
        self._at += 2 if this else 1
        self._add("name", (LOCALHOST,))
        return True

    def _pattern(self, token: Token) -> bool:
        if token.low == "*" or not _RANGE.fullmatch(token.text):
            return False
        self._at += 1
        self._add("name", (token.text,))
        return True

    def _span(self, token: Token) -> bool:
        """Read "web-01 to web-05" as a range of names."""
        if self._low(1) not in ("to", "through", "thru", "until", "-") or self._at + 2 >= len(self.tokens):
            return False
        first = re.fullmatch(r"(.*?)(\d+)", self.tokens[self._at].text)
        last = re.fullmatch(r"(.*?)(\d+)", self.tokens[self._at + 2].text)
        if not first or not last or last[1] not in ("", first[1]) or int(first[2]) > int(last[2]):
            return False
        self._at += 3
        self._add("name", (f"{first[1]}[{first[2]}-{last[2]}]",))
        return True

    def _address(self, token: Token) -> bool:
        match = _ADDRESS.fullmatch(token.low)
        if not match or token.low in self.words.names:
            return False
        parts = match[1].split(".")
        kept = int(match[2] or 32) // 8
        self._at += 1
        self._add("address", (".".join([*parts[:kept], "*"] if kept < 4 else parts),))
        return True

    def _labelled(self) -> bool:
        """Read a name, group, tag, environment, site or system, with the word beside it that says which."""
        token = self.tokens[self._at]
        reserved = self.fillers | self.pointers | frozenset(_JOINS) | _NEGATIONS | frozenset(STATUS_WORDS)
        explicit = label_before(self.tokens, self._at, reserved)
        context = explicit or self._context()
        for length in (3, 2, 1):
            piece = self.tokens[self._at : self._at + length]
            if len(piece) < length or any(t.quote for t in piece[1:]) or any(t.low in _JOINS for t in piece):
                continue
            said = " ".join(t.low or t.text.lower() for t in piece)
            found = self._look_up(said, context, only=bool(explicit))
            if found is None:
                continue
            self._at += length
            self._found(*found)
            return True
        field_said = explicit or label_in_list(self.tokens, self._at, reserved)
        if not field_said or token.low in reserved | NOUNS or not token.low:
            return False
        self.absent.append(token.text)
        self.notes.append(absent_note(field_said, token.text, self.words))
        self._at += 1
        self._found(field_said, (token.text,))
        return True

    def _found(self, name: str, values: tuple[str, ...]) -> None:
        if self._low() in _AFTER and name == _AFTER[self._low()]:
            self._at += 1
        self._add(name, values)

    def _context(self) -> str:
        """Return the field that a word before or behind this one names."""
        before, further = self._low(-1), self._low(-2)
        if before in ("as", "with", "the", "a", "in", "by") and further in ("tagged", "group"):
            before = further
        context = _CONTEXT.get(before, "")
        if before in _JOINS and self.terms and self._low(1) not in _AFTER:
            context = "tag" if self.terms[-1].field == "tag" else ""
        return context or _AFTER.get(self._low(1), "")

    def _look_up(self, said: str, context: str, *, only: bool) -> tuple[str, tuple[str, ...]] | None:
        """Return the field and values that some words name; `only` in the field that the context says."""
        words = self.words
        tables = {"name": words.names, "group": words.groups, "env": words.environments, "tag": words.tags,
                  "site": words.sites}  # fmt: skip
        singular = said.removesuffix("es" if said.endswith("hes") else "s") if len(said) > 3 else ""
        forms = [said, ALIASES.get(said, "") or city_site(said, words.sites), singular]
        if context in tables and context != "name":
            for form in forms:
                if form in tables[context]:
                    return context, (tables[context][form],)
        if only:
            return None
        system = self._system(said)
        if context == "os" and system:
            return system
        label = self._label_over_system(said, system) if system and context != "name" else None
        if label:
            return label
        for form in forms:
            kinds = [name for name, table in tables.items() if form and form in table]
            if form and system and form not in words.names and not (kinds and said not in SYSTEMS):
                kinds = []
            if kinds:
                self._note(said, kinds)
                return kinds[0], (tables[kinds[0]][form],)
        if said in PROTOCOL_WORDS and (
            self._low(-1) in ("over", "by", "via", "using", "through") or self._low(1) in NOUNS
        ):
            return "protocol", (said,)
        return system

    def _label_over_system(self, said: str, system: tuple[str, tuple[str, ...]]) -> tuple[str, tuple[str, ...]] | None:
        """Return the tag or group that is called exactly like an operating system: people gave that name here."""
        for kind, table in (("tag", self.words.tags), ("group", self.words.groups)):
            if said in table:
                os = systems_text(system[1])
                self.notes.append(f"{said} is read as the {kind}; the operating system is {os}.")
                return kind, (table[said],)
        return None

    def _note(self, said: str, kinds: Sequence[str]) -> None:
        if len(kinds) > 1:
            others = " and ".join(f"a {kind}" for kind in kinds[1:])
            self.notes.append(f"{said} is read as {kinds[0]}; it is also {others}.")

    def _system(self, said: str) -> tuple[str, tuple[str, ...]] | None:
        values = read_system(said, self.words, behind=self._low(1), reserved=self.fillers | NOUNS)
        return ("os", values) if values else None

    def _taken_join(self, name: str = "") -> str:
        join, self._join = self._join, ""
        behind_exception = self._comma and bool(self.terms) and self.terms[-1].denied and not self._denied
        narrowed = self._comma and self._narrows(name)
        return "and" if join and (behind_exception or narrowed) else join  # "except the web servers, all of prod"

    def _narrows(self, name: str) -> bool:
        """Return whether a condition behind a comma narrows the one before: "firewalls, London"."""
        before = self.terms[-1].field if self.terms else name
        return before != name and bool({before, name} & _WHERE) and "name" not in (before, name)

    def _add(self, name: str, values: tuple[str, ...]) -> None:
        join = self._taken_join(name)
        last = self.terms[-1] if self.terms else None
        # "not web-01 or web-02" means neither; "not tagged a and tagged b" denies only a
        if last is not None and last.denied and last.field == name and (join == "or" or (join and name in _SINGLE)):
            self._denied = True
        self.terms.append(TargetTerm(name, values, self._denied, join))
        self._done()

    def _done(self) -> None:
        # what is excepted stays excepted as long as the list goes on: "except a, b and c"
        self._denied = self._denied and self._scoped and self._low() in _JOINS
        if not self._denied:
            self._scoped = False
