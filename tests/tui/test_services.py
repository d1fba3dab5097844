"""The screen of services: what was found waits there, and keys decide."""

from __future__ import annotations

from dataclasses import replace

from opsterm.inventory.service import HealthCheck, HealthCheckKind, ServicePort, ServiceRecord, ServiceState
from opsterm.runtime.ports_services import RegistryEdit
from opsterm.tui.screens.services import ServicesScreen
from tests.tui.cockpit import NOW, Sitting, Stage, sitting


def service(name: str, target: str, **more: object) -> ServiceRecord:
    made = ServiceRecord(
        name=name, target=target, kind="http", capabilities=("http",),
        ports=(ServicePort(protocol="tcp", port=80),), check=HealthCheck(kind=HealthCheckKind.NONE),
        found_at=NOW - 60, seen_at=NOW - 60,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]  # fields of a service


async def open_with(there: Sitting, *services: ServiceRecord) -> None:
    """Put records into the registry and open the screen through the palette."""
    await there.app.runtime.store.services.update(lambda _: (RegistryEdit(save=services), []))
    await there.press("colon")
    await there.type("lists the services")
    await there.press("enter")
    await there.until("Services")


async def states(there: Sitting) -> dict[str, ServiceState]:
    found = await there.app.runtime.services.list(states=tuple(ServiceState))
    return {one.id: one.state for one in found}


async def test_keys_decide_about_what_was_found(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        await open_with(
            there, service("nginx", "web-01"), service("odd", "web-01"), service("old", "web-02", gone_at=1.0)
        )
        assert "3, 2 wait for a decision" in there.text
        await there.press("a")
        await there.until("1 accepted.")
        await there.press("j", "i")
        await there.until("1 ignored.")
        assert await states(there) == {
            "nginx@web-01": ServiceState.ACCEPTED, "odd@web-01": ServiceState.IGNORED, "old@web-02": ServiceState.GONE,
        }  # fmt: skip
        await there.press("j", "D")
        await there.until("Take old@web-02 out of the registry")
        await there.press("n")
        assert "old@web-02" in await states(there)
        await there.press("D", "y")
        await there.until("1 removed.")
        assert "old@web-02" not in await states(there)


async def test_one_is_shown_with_what_hangs_on_it(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        await open_with(there, service("nginx", "web-01"), service("shop", "web-01"))
        await there.app.runtime.services.depend("shop@web-01", "nginx@web-01")
        await there.press("enter")
        await there.until("needed by  shop@web-01")
        await there.press("escape")
        assert isinstance(there.app.screen, ServicesScreen)
        await there.press("space", "j", "space", "a")
        await there.until("2 accepted.")
        await there.press("r")
        await there.until("1 checked.")
        await there.press("escape")
        await there.until(lambda: there.app.screen is there.app.home)


async def test_an_empty_list_says_what_fills_it(furnished: Stage) -> None:
    async with sitting(furnished) as there:
        await open_with(there)
        assert "No services yet. + looks for them on" in there.text
        for key in ("a", "i", "r", "D"):
            await there.press(key)
        assert isinstance(there.app.screen, ServicesScreen)
