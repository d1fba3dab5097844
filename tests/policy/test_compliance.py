"""Which controls a command touches, and that no order and no pack makes an answer milder."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.core.errors import BadSetting, NotFound
from opsterm.policy.compliance.circumstances import Circumstances, KnownTarget, names_ticket
from opsterm.policy.compliance.decision import RuleDecision, strictest
from opsterm.policy.compliance.kept import review_from_text, review_to_text
from opsterm.policy.compliance.reading import read_pack, read_rules
from opsterm.policy.compliance.review import NO_REVIEW, lines_of, verdict_lines, worse_than
from opsterm.policy.compliance.rule import PolicyRule
from opsterm.policy.compliance.rulebook import NO_RULES, chosen
from opsterm.policy.compliance.trial import Tried, try_rules
from tests.policy.rulebooks import rulebook, shipped_packs, shipped_rules

SAMPLES = list(try_rules(shipped_rules()))
PROD = KnownTarget(environment="prod", tags=frozenset({"web"}))
SOX = KnownTarget(environment="prod", tags=frozenset({"sox"}))


@pytest.mark.parametrize("tried", SAMPLES, ids=[f"{one.rule.id}: {one.sample.line[:40]}" for one in SAMPLES])
def test_a_rule_does_as_the_line_beside_it_says(tried: Tried) -> None:
    assert tried.right, f"{tried.rule.id} said {tried.said} of {tried.sample.line}"


@pytest.mark.parametrize("rule", shipped_rules(), ids=lambda rule: rule.id)
def test_every_rule_has_its_tests_its_reason_and_a_control(rule: PolicyRule) -> None:
    assert {sample.hits for sample in rule.samples} == {True, False}
    assert rule.why
    assert rule.safer
    assert any(pack.controls_of(rule.id) for pack in shipped_packs())
    said = f"{rule.title} {rule.why} {rule.safer}".lower()
    assert "compliant" not in said
    assert "violat" not in said


def test_what_ships_is_what_was_promised() -> None:
    assert len(shipped_rules()) == len({rule.id for rule in shipped_rules()}) == 67
    assert [pack.name for pack in shipped_packs()] == ["cis", "hipaa", "nist-800-53r5", "pci-dss-4.0.1", "sox"]
    known = {rule.id for rule in shipped_rules()}
    for pack in shipped_packs():
        for source in pack.sources:
            assert set(source.cites) <= known
            assert source.version
            cited = {number for numbers in source.cites.values() for number in numbers}
            assert set(source.controls) <= cited, "a title of a number that no rule cites"


@pytest.mark.parametrize(
    ("pattern", "wrong"),
    [
        ("[A-Z]{2}-[0-9]{1,2}", "AU9"),
        (r"[0-9]{1,2}(\.[0-9]{1,2}){1,3}", "10,3"),
        (r"164\.[0-9]{3}\([a-z]\)", "164.312"),
    ],
)
def test_a_number_of_another_form_is_a_fault(pattern: str, wrong: str) -> None:
    source = f"""[[source]]\ntitle = "T"\nversion = "1"\nnumber = '{pattern}'\n[source.cites]\nOT-A-1 = ["{wrong}"]\n"""
    text = f'name = "x"\nabout = "y"\n{source}'
    _, problems = read_pack(text, "x.toml")
    assert [problem.what for problem in problems] == [f"{wrong!r} is no number of T."]
    assert problems[0].line == 8


# ------------------------------------------------------------------------- what is asked for


def test_a_finding_says_what_it_touches_and_never_that_a_system_complies() -> None:
    review = rulebook().review("rm -f /var/log/audit/audit.log", "bash")
    finding = next(one for one in review.findings if one.rule == "OT-LOG-01")
    assert {"PCI DSS 4.0.1 10.3.2", "NIST 800-53 r5 AU-9", "HIPAA 45 CFR (2013) 164.312(b)"} <= set(finding.controls)
    assert finding.because == "delete /var/log/audit/audit.log"
    assert "OT-LOG-01 touches controls PCI DSS 4.0.1 10.3.2" not in lines_of(review)[0], "the order of packs counts"
    assert any(line.startswith("OT-LOG-01 touches controls ") and " more: " in line for line in lines_of(review))


@pytest.mark.parametrize("strict", [True, False])
def test_strict_refuses_and_advice_asks_with_the_reason(strict: bool) -> None:
    review = rulebook(strict=strict).review("setenforce 0", "bash")
    (finding,) = [one for one in review.findings if one.rule == "OT-MAC-01"]
    asked = RuleDecision.DENY if strict else RuleDecision.APPROVE
    assert (finding.decision, finding.rule_decision) == (asked, RuleDecision.DENY)
    assert bool(review.denied) is strict
    assert ("the rule says deny, and policy.strict is off" in lines_of(review)[0]) is not strict
    assert "semanage permissive -a httpd_t" in review.alternatives[0]


def test_a_denial_that_is_advice_is_told_with_what_applies_and_why() -> None:
    advised = rulebook().review("rm -rf /srv/data", "sh", Circumstances(recovery_point=False))
    bound = rulebook(strict=True).review("rm -rf /srv/data", "sh", Circumstances(recovery_point=False))
    title = "OT-DATA-01 says deny: Data is destroyed, and no copy is known to be good"
    assert title == verdict_lines(advised)[0] == verdict_lines(bound)[0]
    applies = "here: approve; rules that ship only advise (policy.strict is off)"
    assert applies in verdict_lines(advised)
    assert applies not in verdict_lines(bound)
    assert [finding.rule for finding in advised.softened] == ["OT-DATA-01"]
    assert (bound.softened, bound.decision) == ((), RuleDecision.DENY)


def test_few_lines_name_the_strictest_rules_and_count_the_others() -> None:
    said = verdict_lines(rulebook().review("rm -rf /var/log /var/backups; setenforce 0; iptables -F", "sh"), most=2)
    assert all(" says deny: " in line for line in said[:2])
    assert " more, none stricter" in said[2]


def test_what_is_not_known_is_said_and_decides_nothing() -> None:
    review = rulebook(strict=True).review("apt-get install -y nginx", "bash")
    lacking = {one.rule: one.missing for one in review.not_evaluated}
    assert lacking["OT-PKG-03"] == ("environment of the targets", "change window")
    assert lacking["OT-CHG-01"] == ("environment of the targets", "ticket")
    assert review.decision is RuleDecision.ALLOW
    assert "not evaluated, for something is not known: OT-CHG-01 (environment" in lines_of(review)[-1]
    assert " not evaluated, for this is not known: environment of the targets, " in verdict_lines(review)[-1]
    assert all(what in verdict_lines(review)[-1] for what in ("change window", "ticket"))


@pytest.mark.parametrize(
    ("known", "rule", "evaluated"),
    [
        (Circumstances(targets=(PROD,), ticket=False), "OT-CHG-01", True),
        (Circumstances(targets=(PROD,), ticket=True), "OT-CHG-01", None),
        (Circumstances(targets=(PROD,)), "OT-CHG-01", False),
        (Circumstances(targets=(KnownTarget(environment="lab"),), ticket=False), "OT-CHG-01", None),
        (Circumstances(targets=(KnownTarget(environment="lab"), KnownTarget()), ticket=False), "OT-CHG-01", False),
        (Circumstances(targets=(KnownTarget(), PROD), ticket=False), "OT-CHG-01", True),
        (Circumstances(targets=(SOX,), second_person=False), "OT-CHG-02", True),
        (Circumstances(targets=(SOX,), second_person=True), "OT-CHG-02", None),
        (Circumstances(targets=(SOX,)), "OT-CHG-02", False),
        (Circumstances(targets=(KnownTarget(tags=frozenset({"web"})),), second_person=False), "OT-CHG-02", None),
        (Circumstances(targets=(KnownTarget(),), second_person=False), "OT-CHG-02", False),
    ],
)
def test_circumstances_answer_a_rule(known: Circumstances, rule: str, evaluated: bool | None) -> None:
    review = rulebook().review("systemctl restart nginx", "bash", known)
    assert {one.rule: one.evaluated for one in review.findings}.get(rule) is evaluated


def test_what_is_not_understood_is_told() -> None:
    assert rulebook().review("$(cat /tmp/what)", "bash").unread
    assert "is not understood" in lines_of(rulebook().review("$(cat /tmp/what)", "bash"))[-1]
    assert rulebook().review("GET / HTTP/1.1", "http").unread
    assert lines_of(NO_RULES.review("uptime", "bash")) == ("no rules were evaluated",)
    assert lines_of(rulebook().review("uptime", "bash")) == ("no rule is touched",)


# --------------------------------------------------------------------------- order and packs

LINES = [tried.sample for tried in SAMPLES if tried.sample.hits]


@settings(max_examples=60)
@given(st.data())
def test_neither_order_nor_more_packs_nor_more_knowledge_of_rules_makes_it_milder(data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from(LINES))
    book = rulebook(strict=data.draw(st.booleans()))
    some = replace(book, packs=tuple(pack for pack in book.packs if data.draw(st.booleans())))
    mixed = replace(book, rules=tuple(data.draw(st.permutations(book.rules))), packs=book.packs[::-1])
    few = some.review(sample.line, sample.shell, sample.circumstances)
    whole = book.review(sample.line, sample.shell, sample.circumstances)
    shuffled = mixed.review(sample.line, sample.shell, sample.circumstances)
    assert few.decision.order <= whole.decision.order == shuffled.decision.order
    assert [one.rule for one in whole.findings] == [one.rule for one in shuffled.findings]
    assert {one.rule: one.decision for one in few.findings}.items() <= {
        one.rule: one.decision for one in whole.findings
    }.items()


def test_a_rule_of_the_operator_only_adds() -> None:
    warns = """[[rule]]
id = "ACME-READ-1"
title = "Somebody looks"
decision = "warn"
why = "We want to know."
[[rule.when]]
effect = ["read"]
"""
    (own,), problems = read_rules(warns, "own.toml", own=True)
    assert not problems
    for line in ("ls /; rm -rf /srv/data", "cat /etc/shadow", "uptime"):
        with_it = rulebook(strict=True, rules=(own,)).review(line, "bash")
        without = rulebook(strict=True).review(line, "bash")
        assert with_it.decision.order >= without.decision.order


def test_what_the_operator_wrote_binds_also_where_what_ships_only_advises() -> None:
    rules, _ = read_rules(GOOD.replace("two persons", "deny"), "own.toml", own=True)
    known = Circumstances(targets=(PROD,))
    review = rulebook(rules=rules).review("rm /srv/ledger/a; chmod u+s /usr/bin/find", "bash", known)
    asked = {one.rule: (one.decision, one.rule_decision) for one in review.touched}
    assert asked["ACME-DB-01"] == (RuleDecision.DENY, RuleDecision.DENY)
    assert asked["OT-PERM-03"] == (RuleDecision.APPROVE, RuleDecision.TWO_PERSONS)


def test_no_pack_that_is_off_counts_and_an_unknown_one_is_an_error() -> None:
    book = rulebook()
    assert not replace(book, packs=()).review("setenforce 0", "bash").findings
    assert [pack.name for pack in chosen(book.packs, ["sox", " CIS ", ""])] == ["sox", "cis"]
    with pytest.raises(NotFound, match="'soc2'"):
        chosen(book.packs, ["soc2"])
    with pytest.raises(NotFound, match="There is no rule OT-X"):
        book.rule("OT-X")
    assert book.rule("ot-log-01").id == "OT-LOG-01"


def test_decisions_have_an_order() -> None:
    assert strictest([]) is RuleDecision.ALLOW
    for mild, hard in itertools.combinations(RuleDecision, 2):
        assert strictest([hard, mild]) is strictest([mild, hard]) is hard


# --------------------------------------------------------------------------- kept and compared


def test_a_review_is_kept_as_it_was() -> None:
    review = rulebook().review("chmod u+s /usr/bin/find; $x", "bash", Circumstances(targets=(PROD,)))
    assert review_from_text(review_to_text(review)) == review
    assert review_to_text(NO_REVIEW) == ""
    for text in ("", "{", "[]", '{"findings": 1}', '{"findings": [{}], "unread": 0, "packs": []}'):
        assert review_from_text(text) == NO_REVIEW


def test_it_is_worse_when_one_rule_asks_for_more() -> None:
    line, mild, hard = "systemctl stop auditd", rulebook(), rulebook(strict=True)
    assert worse_than(hard.review(line, "bash"), mild.review(line, "bash")).startswith("OT-LOG-02 asks for more")
    assert not worse_than(mild.review(line, "bash"), hard.review(line, "bash"))
    assert not worse_than(mild.review(line, "bash"), mild.review(line, "bash"))
    assert worse_than(mild.review(line, "bash"), NO_REVIEW)


def test_a_ticket() -> None:
    assert names_ticket("CHG-1042: new front end", r"\b[A-Z]+-[0-9]+\b") is True
    assert names_ticket("because", r"\b[A-Z]+-[0-9]+\b") is False
    assert names_ticket("because", "") is None
    with pytest.raises(BadSetting, match=r"policy\.ticket"):
        names_ticket("x", "(")


# ------------------------------------------------------------------------------- own rules

GOOD = """[[rule]]
id = "ACME-DB-01"
title = "Our ledger"
decision = "two persons"
why = "It is the books."
hits = [{ line = "rm /srv/ledger/a", environment = "prod" }]
misses = ["ls /srv/ledger"]
[[rule.when]]
effect = ["delete"]
object = ["/srv/ledger/*"]
environment = ["prod"]
targets_over = 0
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "said"),
    [
        ('decision = "two persons"', 'decision = "maybe"', 4, "rule.decision", "'maybe' is not known"),
        ('decision = "two persons"', "decision = 3", 4, "rule.decision", "no list of texts"),
        ('decision = "two persons"\n', "", 1, "rule.decision", "It is missing"),
        ("why =", "wy =", 5, "rule.wy", "There is no such key"),
        ('id = "ACME-DB-01"', 'id = "acme"', 2, "rule.id", "is no id"),
        ('id = "ACME-DB-01"', 'id = "OT-DB-01"', 2, "rule.id", "are of the rules that ship"),
        ('effect = ["delete"]', 'effect = ["deleet"]', 9, "rule.when.effect", "'deleet' is not known"),
        ('object = ["/srv/ledger/*"]', "object = []", 10, "rule.when.object", "The list is empty"),
        ("targets_over = 0", "targets_over = true", 12, "rule.when.targets_over", "It is no count"),
        ("targets_over = 0", 'ticket = "no"', 12, "rule.when.ticket", "neither yes nor no"),
        ("targets_over = 0", 'shell = ["fish"]', 12, "rule.when.shell", "'fish' is not known"),
        ('decision = "two persons"', 'decision = "allow"', 4, "rule.decision", "cannot make anything milder"),
        ('title = "Our ledger"', 'title = "Our ledger"\nautonomy = true', 4, "rule.autonomy", "lets nothing run"),
        (GOOD[GOOD.index("effect") :], 'environment = ["prod"]', 8, "rule.when", "nothing of the command"),
        ("[[rule]]", "[[rules]]", 1, "rules", "There is no such key"),
        ("[[rule.when]]", "[rule.when", 8, "", "It is not TOML"),
        ("misses = [", "misses = 4 #", 7, "rule.misses", "no list of lines"),
        ('environment = "prod" }', 'place = "prod" }', 6, "rule.hits.place", "There is no such key"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_and_what_is_allowed(old: str, new: str, line: int, key: str, said: str) -> None:
    assert read_rules(GOOD, "own.toml", own=True)[1] == ()
    _, problems = read_rules(GOOD.replace(old, new, 1), "own.toml", own=True)
    told = [problem for problem in problems if said in problem.what]
    assert told, [str(problem) for problem in problems]
    assert (told[0].line, told[0].key) == (line, key)
    assert str(told[0]).startswith("own.toml:")


def test_a_rule_of_the_operator_works_like_one_that_ships() -> None:
    rules, _ = read_rules(GOOD, "own.toml", own=True)
    assert all(tried.right for tried in try_rules(rules))
    review = replace(rulebook(rules=rules), packs=()).review("rm /srv/ledger/a", "bash", Circumstances(targets=(PROD,)))
    assert lines_of(review) == ("ACME-DB-01 is a rule of your own: two persons",)


@settings(max_examples=80)
@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    _, problems = read_rules(text, "x.toml", own=True)
    assert problems, "no text that is made at random is a rule"


@settings(max_examples=80)
@given(st.text(max_size=200), st.sampled_from(["bash", "powershell", "cmd", "sql", "network-cli", "wql", "http"]))
def test_no_command_breaks_the_rules(text: str, shell: str) -> None:
    lines_of(rulebook().review(text, shell))
