"""An import adds and follows; what the operator said stays, and nothing goes away silently."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.core.errors import BadInput, NotFound
from opsterm.inventory.fields import CONNECTION_FIELDS, with_fields
from opsterm.inventory.imports import ImportResult
from opsterm.inventory.merge import merge_import
from opsterm.inventory.target import Protocol, Target
from tests.inventory.rows import targets

SSH = frozenset(CONNECTION_FIELDS)


def found(*these: Target, source: str = "ssh_config") -> ImportResult:
    return ImportResult(source=source, targets=these, complete=SSH if source == "ssh_config" else frozenset())


def ssh(name: str = "web", **fields: object) -> Target:
    return Target(name=name, source="ssh_config", **fields)  # type: ignore[arg-type]  # few fields, in a test


def test_adds_changes_and_leaves() -> None:
    present = [ssh("a", port=1), ssh("b"), ssh("gone"), Target(name="mine")]
    merge = merge_import(present, found(ssh("a", port=2), ssh("b"), ssh("new")), automatic=True)
    assert [t.name for t in merge.added] == ["new"]
    assert [(c.after.name, c.fields) for c in merge.changed] == [("a", ("port",))]
    assert merge.unchanged == ("b",)
    assert merge.missing == ("gone",)
    assert [t.name for t in merge.to_save] == ["new", "a"]


def test_what_the_operator_removed_stays_away_until_they_ask() -> None:
    automatic = merge_import([], found(ssh()), automatic=True, removed=frozenset({"web"}))
    assert (automatic.added, automatic.kept_away) == ((), ("web",))
    asked = merge_import([], found(ssh()), removed=frozenset({"web"}))
    assert [t.name for t in asked.added] == ["web"]


def test_an_edited_connection_is_the_operators_own() -> None:
    edited = Target(name="web", address="10.9.9.9", source="manual")
    merge = merge_import([edited], found(ssh(address="10.0.0.1")), automatic=True)
    assert (merge.changed, merge.unchanged) == ((), ("web",))


def test_tags_of_the_operator_stay_while_the_address_follows() -> None:
    edited = with_fields(ssh(address="10.0.0.1"), {"tags": "pci;edge", "env": "prod"})
    merge = merge_import([edited], found(ssh(address="10.0.0.2")), automatic=True)
    after = merge.changed[0].after
    assert (after.address, after.tags, after.environment) == ("10.0.0.2", ("edge", "pci"), "prod")


def test_a_host_name_taken_out_of_ssh_config_is_followed() -> None:
    merge = merge_import([ssh(address="10.0.0.1", port=9)], found(ssh()), automatic=True)
    assert merge.changed[0].after == ssh()


def test_an_automatic_import_leaves_other_sources_alone() -> None:
    present = Target(name="web", address="10.0.0.1", groups=("g",), source="ansible")
    assert not merge_import([present], found(ssh(address="10.0.0.2")), automatic=True).changed


def test_an_asked_for_import_wins_where_it_says_something() -> None:
    present = Target(name="web", address="10.0.0.1", protocol=Protocol.WINRM, groups=("a",), tags=("x",), os="old")
    table = Target(name="web", os="new", groups=("b", "a"), tags=("w",), source="csv")
    (change,) = merge_import([present], found(table, source="csv")).changed
    assert change.fields == ("os", "groups", "tags")
    assert change.after == Target(
        name="web", address="10.0.0.1", protocol=Protocol.WINRM, groups=("a", "b"), tags=("w", "x"), os="new",
        source="csv",
    )  # fmt: skip


def test_the_machine_itself_is_never_changed() -> None:
    here = Target(name="localhost", protocol=Protocol.LOCAL, source="built-in")
    for automatic in (True, False):
        assert not merge_import([here], found(ssh("localhost", address="x")), automatic=automatic).to_save


@given(st.lists(targets(), max_size=5, unique_by=lambda t: t.name), st.booleans())
def test_the_same_import_twice_changes_nothing_the_second_time(fleet: list[Target], automatic: bool) -> None:
    result = ImportResult(source="json", targets=tuple(fleet), complete=SSH)
    first = merge_import([], result, automatic=automatic)
    again = merge_import(first.to_save, result, automatic=automatic)
    assert not again.to_save


@pytest.mark.parametrize(
    "address", ["192.0.2.7", "2001:db8::7", "fe80::1%eth0", "web-1", "1and1.example", "10.0.0.5.example", "a.b2", ""]
)
def test_addresses_that_are_taken(address: str) -> None:
    assert with_fields(Target(name="web"), {"address": address}).address == address


def test_fields_from_text() -> None:
    target = with_fields(Target(name="web"), {"Env": " prod  east ", "groups": "a; b,a", "port": "", "proto": "SSH"})
    assert (target.environment, target.groups, target.port, target.protocol) == ("prod east", ("a", "b"), None, "ssh")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"adress": "x"}, "nearest is address"),
        ({"port": "0"}, "1 to 65535"),
        ({"port": "٢٢"}, "1 to 65535"),
        ({"address": "-oProxyCommand=x"}, "cannot be an address"),
        ({"address": "a b"}, "cannot be an address"),
        ({"address": "9999.1.1.1"}, "is a number that is no IP address"),
        ({"address": "10.0.0.256"}, "is a number that is no IP address"),
        ({"address": "10.1"}, "is a number that is no IP address"),
        ({"address": "2130706433"}, "is a number that is no IP address"),
        ({"address": "1.2.3.4.5"}, "is a number that is no IP address"),
        ({"address": "0x7f.1"}, "is a number that is no IP address"),
        ({"address": "2001:db8::7::1"}, "is a number that is no IP address"),
        ({"user": "-l"}, "log-in name"),
        ({"protocol": "sssh"}, "nearest is ssh"),
        ({"tags": "two words"}, "cannot be a name"),
        ({"tags": ";".join(f"t{n}" for n in range(300))}, "too many"),
    ],
)
def test_fields_that_cannot_be_used(values: dict[str, str], says: str) -> None:
    with pytest.raises(BadInput) as caught:
        with_fields(Target(name="web"), values)
    assert says in str(caught.value)
    if "adress" in values:
        assert isinstance(caught.value, NotFound)
