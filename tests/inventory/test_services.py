"""Records of services: names, what a merge may do by itself, and what hangs on what, cycles included."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.core.errors import BadInput
from opsterm.inventory import service_merge
from opsterm.inventory.dependencies import (
    Dependency,
    DependencyOrigin,
    cycle_through,
    dependants,
    failing_root,
    needs,
)
from opsterm.inventory.service import (
    HealthCheck,
    HealthCheckKind,
    ServicePort,
    ServiceRecord,
    ServiceState,
    parse_service_id,
    service_name,
)
from opsterm.inventory.service_kinds import KINDS, kind_of, known_words
from opsterm.inventory.service_merge import merge_dependencies, merge_services


def service(name: str = "nginx", *, port: int = 80, **more: object) -> ServiceRecord:
    made = ServiceRecord(
        name=name, target="web-1", kind="http", capabilities=("http",),
        ports=(ServicePort(protocol="tcp", port=port),), check=HealthCheck(kind=HealthCheckKind.HTTP, port=port),
        found_at=1.0, seen_at=1.0,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]  # fields of a service


def needed(*pairs: str) -> list[Dependency]:
    return [
        Dependency(service=pair[0], on=pair[1], origin=DependencyOrigin.DECLARED, found_at=0.0) for pair in pairs
    ]  # fmt: skip


# ---------------------------------------------------------------------------------------------------- names


@given(st.text(max_size=120))
def test_any_text_makes_a_name_that_an_id_can_hold(text: str) -> None:
    name = service_name(text)
    assert parse_service_id(f"{name}@web@1") == (name, "web@1")
    assert service_name(name) == name


@pytest.mark.parametrize("text", ["", "nginx", "@web-1", "nginx@", "a b@web-1", "\x1b[2J@x"])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="does not name a service"):
        parse_service_id(text)


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (("postgresql", ""), "sql:postgres"), (("", "mariadbd"), "sql:mysql"), (("sshd", "x"), "ssh"),
        (("unheard-of", "nginx"), "http"), (("unheard-of", ""), None),
    ],
)  # fmt: skip
def test_a_kind_is_known_by_its_unit_or_its_process(names: tuple[str, str], kind: str | None) -> None:
    found = kind_of(*names)
    assert (found.kind if found else None) == kind


def test_people_have_words_for_every_kind() -> None:
    assert {kind.kind for kind in KINDS} <= known_words()
    assert {"sql", "postgres", "pg", "nginx", "dns"} <= known_words()
    assert all(port.partition("/")[0] in ("tcp", "udp") and port.partition("/")[2].isdigit()
               for kind in KINDS for port in kind.ports)  # fmt: skip


# --------------------------------------------------------------------------------------------------- merging


def test_what_is_new_is_a_proposal_and_what_is_missed_stays_marked_as_gone() -> None:
    old = service("apache2", decided=ServiceState.ACCEPTED)
    merged = merge_services([old], [service()], now=9.0, complete=True)
    assert [(s.name, s.state) for s in merged.new] == [("nginx", ServiceState.FOUND)]
    assert [(s.name, s.state, s.gone_at) for s in merged.gone] == [("apache2", ServiceState.GONE, 9.0)]
    assert {s.name for s in merged.save} == {"nginx", "apache2"}
    again = merge_services(merged.save, [service()], now=10.0, complete=True)
    assert again.gone == ()
    assert again.new == ()


def test_a_host_that_names_ever_new_services_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_merge, "MOST_OF_TARGET", 3)
    first = merge_services([], [service("a"), service("b")], now=9.0, complete=True)
    then = merge_services(first.save, [service("b"), service("c"), service("d")], now=10.0, complete=True)
    assert [one.name for one in then.new] == ["c"]
    assert {one.name for one in then.save} == {"a", "b", "c"}


def test_what_comes_back_is_what_it_was() -> None:
    old = service(decided=ServiceState.IGNORED, gone_at=5.0)
    merged = merge_services([old], [service()], now=9.0, complete=True)
    assert [(s.state, s.found_at, s.seen_at) for s in merged.back] == [(ServiceState.IGNORED, 1.0, 9.0)]


def test_a_look_that_was_cut_off_misses_nothing() -> None:
    assert merge_services([service()], [], now=9.0, complete=False).save == ()


def test_another_version_is_a_change_and_another_port_a_new_check() -> None:
    old = service(check=HealthCheck(kind=HealthCheckKind.TCP, port=80), version="1", decided=ServiceState.ACCEPTED)
    newer = merge_services([old], [service(version="2")], now=9.0, complete=True)
    assert [(s.version, s.check.text, s.decided) for s in newer.changed] == [("2", "tcp 80", ServiceState.ACCEPTED)]
    moved = merge_services([old], [service(port=8080)], now=9.0, complete=True)
    assert [s.check.text for s in moved.changed] == ["http 8080"]


def test_what_was_declared_stays_declared_when_it_is_seen() -> None:
    (known,) = needed("ab")
    seen = [replace(known, origin=DependencyOrigin.OBSERVED), replace(known, on="c", origin=DependencyOrigin.OBSERVED)]
    kept = merge_dependencies([known], seen, now=9.0)
    assert [(d.on, d.origin, d.seen_at) for d in kept] == [
        ("b", DependencyOrigin.DECLARED, 9.0),
        ("c", DependencyOrigin.OBSERVED, 9.0),
    ]


# ------------------------------------------------------------------------------------------------ dependencies


def test_what_a_failure_reaches_nearest_first() -> None:
    graph = needed("ab", "bc", "cd", "xc")
    assert [(r.id, r.steps, r.via) for r in dependants(graph, "c")] == [("b", 1, ""), ("x", 1, ""), ("a", 2, "b")]
    assert [(r.id, r.steps, r.via) for r in needs(graph, "a")] == [("b", 1, ""), ("c", 2, "b"), ("d", 3, "c")]
    assert cycle_through(graph, "a") == ()


def test_a_cycle_ends_and_is_told() -> None:
    graph = needed("ab", "bc", "ca", "dd")
    assert [r.id for r in dependants(graph, "a")] == ["c", "b"]
    assert cycle_through(graph, "a") == ("a", "b", "c")
    assert cycle_through(graph, "d") == ("d",)


@given(
    st.lists(st.tuples(st.sampled_from("abcdefg"), st.sampled_from("abcdefg")), max_size=40), st.sampled_from("abcdefg")
)
def test_in_any_graph_whoever_is_reached_needs_the_start(pairs: list[tuple[str, str]], start: str) -> None:
    graph = needed(*("".join(pair) for pair in pairs))
    for reached in dependants(graph, start):
        assert start in {one.id for one in needs(graph, reached.id)}
    way = cycle_through(graph, start)
    edges = {(one.service, one.on) for one in graph}
    assert all(step in edges for step in zip(way, (*way[1:], start), strict=False))


@pytest.mark.parametrize(
    ("needs", "failing", "of", "root"),
    [
        ("web>db", "web db", "web", "db"),
        ("web>db", "web", "web", ""),
        ("web>db db>disk", "web db disk", "web", "disk"),
        ("web>db db>disk", "web db", "web", "db"),
        ("web>db db>disk", "web disk", "web", ""),  # what lies between works, so it is not because of the disk
        ("web>db db>web", "web db", "web", ""),  # in a circle each speaks for itself
        ("web>db db>web db>disk", "web db disk", "web", "disk"),
        ("web>a web>b", "web b", "web", "b"),
        ("web>db", "db", "db", ""),
    ],
)
def test_a_failure_is_because_of_the_one_at_the_bottom(needs: str, failing: str, of: str, root: str) -> None:
    pairs = [text.split(">") for text in needs.split()]
    graph = [
        Dependency(service=one, on=on, origin=DependencyOrigin.DECLARED, found_at=0) for one, on in pairs
    ]  # fmt: skip
    assert failing_root(graph, failing.split(), of) == root
