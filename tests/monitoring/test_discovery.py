"""Services and dependencies are proposed from what hosts show."""

from __future__ import annotations

from collections.abc import Mapping

from opsterm.inventory.dependencies import DependencyOrigin
from opsterm.inventory.service import ServiceRecord
from opsterm.inventory.target import Target
from opsterm.monitoring.discovery import addresses_by_target, dependencies_seen, services_found
from opsterm.monitoring.host_profile import HostProfile, host_profile
from tests.monitoring.hosts import KERNEL, OPENRC, SS, SYSTEMD, printed

LINUX = {"kernel": "Linux\n6.1.0\nx86_64\nx", "versions": "installed nginx 1.22.1-9\ninstalled postgresql-15 15.6-0"}


def looked(*parts: Mapping[str, str]) -> HostProfile:
    found = host_profile(printed({name: text for part in (LINUX, *parts) for name, text in part.items()}))
    assert found is not None
    return found


def told(services: tuple[ServiceRecord, ...]) -> dict[str, tuple[str, str, str, str]]:
    return {
        one.id: (one.kind, ", ".join(port.text for port in one.ports), one.version, one.check.text) for one in services
    }


def test_services_with_their_kinds_ports_versions_and_checks() -> None:
    assert told(services_found("web-1", looked(SYSTEMD, SS), now=5.0)) == {
        "docker-proxy-8080@web-1": ("tcp", "tcp/8080", "", "tcp 8080"),
        "nginx@web-1": ("http", "tcp/80", "1.22.1-9", "http 80"),
        "node_exporter-9100@web-1": ("http:metrics", "tcp/9100", "", "http 9100"),
        "postgresql-15-main@web-1": ("sql:postgres", "tcp/5432 (local)", "15.6-0", "unit"),
        "snmpd@web-1": ("snmp", "udp/161", "", "unit"),
        "ssh@web-1": ("ssh", "tcp/22", "", "tcp 22"),
        "systemd-resolve@web-1": ("dns", "udp/53 (local)", "", "none"),
    }


def test_an_account_that_sees_no_owners_gets_the_only_unit_that_fits_or_the_port() -> None:
    found = told(services_found("edge", looked(OPENRC, KERNEL), now=5.0))
    assert found == {
        "sshd@edge": ("ssh", "tcp/22", "", "tcp 22"),
        "port-80@edge": ("tcp", "tcp/80", "", "tcp 80"),  # nginx has crashed: whoever listens, it is not that one
        "port-5432@edge": ("tcp", "tcp/5432 (local)", "", "none"),
    }


def test_a_port_that_speaks_tls_makes_its_service_offer_it() -> None:
    one = {"ss": 'tcp LISTEN 0 9 *:443 *:* users:(("caddy",pid=4,fd=5))', "lines": "", "owners": ""}
    (service,) = services_found("web-1", looked(one), now=5.0)
    assert service.capabilities == ("http", "tls")
    assert service.check.text == "https 443"
    assert service.offers("http")
    assert service.offers("tls")
    assert not service.offers("htt")


def test_connections_to_services_of_other_targets_are_dependencies() -> None:
    web, db = looked(SYSTEMD, SS), looked(SYSTEMD, SS, {"addresses": "2: eth0    inet 10.0.0.7/24 scope global eth0"})
    services = [*services_found("web-1", web, now=5.0), *services_found("db-1", db, now=5.0)]
    by_address = addresses_by_target(
        [Target(name="db-1"), Target(name="web-1", address="10.0.0.5")], {"db-1": db.addresses}
    )
    assert by_address == {"10.0.0.7": "db-1", "10.0.0.5": "web-1"}
    seen = dependencies_seen("web-1", web, services, by_address, now=9.0)
    assert [(one.service, one.on, one.origin) for one in seen] == [
        ("php-fpm@web-1", "postgresql-15-main@db-1", DependencyOrigin.OBSERVED)
    ]


def test_an_address_that_several_have_is_nobodys() -> None:
    bridge = looked({"addresses": "3: docker0    inet 172.17.0.1/16 scope global docker0"})
    assert addresses_by_target([Target(name="a"), Target(name="b")], dict.fromkeys("ab", bridge.addresses)) == {}
