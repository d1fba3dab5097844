"""The words of the audit for what is looked after: targets, their keys and services, APIs, where secrets go."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from opsterm.core.units import bytes_text
from opsterm.policy.audit_words import Fields, Said, names_in, text_in


def _depends(f: Fields) -> Said:
    said = "declared" if text_in(f, "reason") == "declared" else "withdrew"
    return Said(f"{said} that {text_in(f, 'service')} needs {text_in(f, 'on')}", text_in(f, "service"))


def _edited(f: Fields) -> Said:
    return Said(
        f"edited {text_in(f, 'target')}", text_in(f, "target"), result="changed " + ", ".join(names_in(f, "fields"))
    )


def _imported(f: Fields) -> Said:
    counts = ", ".join(f"{text_in(f, word)} {word}" for word in ("added", "changed", "unchanged"))
    return Said(f"imported targets from {text_in(f, 'source')}", text_in(f, "source"), result=counts)


def _fetched(f: Fields) -> Said:
    size = f.get("size")
    told = bytes_text(size) if isinstance(size, int) else ""
    return Said(
        f"fetched {text_in(f, 'real_path')} from {text_in(f, 'target')}", text_in(f, "target"),
        result=f"{told}, sha256 {text_in(f, 'sha256')[:12]}, to {text_in(f, 'local')}",
    )  # fmt: skip


SAY_OF_INVENTORY: Mapping[str, Callable[[Fields], Said]] = {
    "target.file_fetched": _fetched,
    "service.changed": lambda f: Said(
        f"{text_in(f, 'reason')} {text_in(f, 'service')}", text_in(f, "service"), result=text_in(f, "serves")
    ),
    "service.dependency_changed": _depends,
    "target.added": lambda f: Said(
        f"added {text_in(f, 'target')}", text_in(f, "target"), result=f"from {text_in(f, 'source')}"
    ),
    "api.added": lambda f: Said(
        f"added the API {text_in(f, 'api')}",
        text_in(f, "api"),
        result=f"{text_in(f, 'operations')} operations at {text_in(f, 'server')}, described by {text_in(f, 'source')}",
    ),
    "api.refreshed": lambda f: Said(
        f"read the description of {text_in(f, 'api')} again",
        text_in(f, "api"),
        result=", ".join(f"{text_in(f, word)} {word}" for word in ("added", "removed", "changed")),
    ),
    "api.operation_accepted": lambda f: Said(
        f"accepted that {text_in(f, 'operation')} of {text_in(f, 'api')} only reads",
        text_in(f, "api"),
        result=f"{text_in(f, 'method')} {text_in(f, 'path')}",
    ),
    "api.removed": lambda f: Said(f"removed the API {text_in(f, 'api')}", text_in(f, "api")),
    "target.edited": _edited,
    "target.removed": lambda f: Said(f"removed {text_in(f, 'target')}", text_in(f, "target")),
    "targets.imported": _imported,
    "target.engine_changed": lambda f: Said(
        f"heard {text_in(f, 'target')} from another SNMP engine",
        text_in(f, "target"),
        result=f"{text_in(f, 'now')} at {text_in(f, 'sender')}, not {text_in(f, 'before')}",
    ),
    "target.engine_trusted": lambda f: Said(
        f"trusted the SNMP engine of {text_in(f, 'target')}", text_in(f, "target"), result=text_in(f, "engine")
    ),
    "credential.confirmed": lambda f: Said(
        f"confirmed where the secret {text_in(f, 'service')} of {text_in(f, 'account')} goes",
        text_in(f, "account"),
        result=", ".join(names_in(f, "places")),
    ),
    "hostkey.trusted": lambda f: Said(
        f"trusted the host key of {text_in(f, 'target')}", text_in(f, "target"), result=text_in(f, "fingerprint")
    ),
}
"""Written kind of a fact -> its words."""
