"""The wall around requests over HTTP: they leave with an order, or are known to only read."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from tests.house.source import Module, called, calls, dotted, imports

Breaches = list[str]

REQUESTS = "opsterm/adapters/http_session.py"
"""Sends the request of an order; the executor alone runs it."""

DESCRIPTIONS = "opsterm/adapters/http_fetch.py"
"""Fetches descriptions: its requests are GET, written down, and have no secret."""

DOWNLOADS = "opsterm/adapters/download.py"
"""Fetches the files that the operator names at the command line: its requests are GET and have no secret."""

CAMERAS = "opsterm/adapters/camera.py"
"""Asks cameras; what it may POST is a `request_text` of a method that is written down and gets something."""

CONFIGURES = "opsterm/runtime/step_transports.py"
"""Configures cameras, for steps that the executor hands it; the one request for that is written down in one adapter."""

WRITES = "opsterm/adapters/camera_write.py"

MODELS = "opsterm/adapters/ollama.py"
"""Asks the model server that the settings name, and no other."""

SPEAK_HTTP = {
    "httpx": frozenset(
        {
            "camera",
            "camera_line",
            "download",
            "http_auth",
            "http_check",
            "http_faults",
            "ollama",
            "ollama_faults",
            "ollama_line",
            "ollama_official",
        }
    ),
    "ollama": frozenset({"ollama_official"}),
    "h11": frozenset({"http_exchange", "http_fetch", "http_session"}),
    "websockets": frozenset({"camera", "http_faults"}),
    "requests": frozenset({"winrm_kerberos", "winrm_refusals", "winrm_transport", "winrm_wire"}),
    "urllib3": frozenset({"winrm_refusals", "winrm_transport", "winrm_wire"}),
}
"""By library, the adapters that may have it: another one could send what nobody approved."""


def sends_requests(modules: Iterable[Module]) -> Breaches:
    """Find code that sends a request to a web server outside the session of an order, but for fetching descriptions."""
    found = []
    for m in modules:
        found += [
            f"{m.at(node)} imports {name}: it could send what nobody approved"
            for node, name in imports(m.tree)
            if (library := name.partition(".")[0]) in SPEAK_HTTP
            and m.name not in {f"opsterm/adapters/{one}.py" for one in SPEAK_HTTP[library]}
        ]
        for call in calls(m.tree):
            if m.name == CAMERAS and called(call) == "request_text" and not _gets(call):
                found.append(f"{m.at(call)} asks a camera for another thing than to tell something")
            if (
                m.name == CAMERAS
                and called(call) == "ask"
                and not all(isinstance(body, ast.Call) and called(body) == "request_text" for body in call.args[2:])
            ):
                found.append(f"{m.at(call)} sends a camera what is not written down")
            if m.name == MODELS and dotted(call.func) in ("self._http.request", "self._http.stream"):
                if not ast.unparse(call.args[1]).startswith("self._place.url + "):
                    found.append(f"{m.at(call)} asks another server than the one of the settings")
            elif m.name == MODELS and dotted(call.func).startswith("self._http.") and called(call) != "aclose":
                found.append(f"{m.at(call)} asks by another way than those that are looked at")
            if called(call) in ("open_http_line", "exchange") and m.name not in (REQUESTS, DESCRIPTIONS):
                found.append(f"{m.at(call)} sends a request: only {REQUESTS} does, and {DESCRIPTIONS} fetches")
            if m.name == DESCRIPTIONS and called(call) == "HttpRequest":
                given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
                if given.get("method") != "'GET'" or "body" in given:
                    found.append(f"{m.at(call)} writes another request than GET: a description is only fetched")
            if m.name == DESCRIPTIONS and called(call) == "exchange" and ast.unparse(call.args[1]) != "{}":
                found.append(f"{m.at(call)} sends a secret for a description")
    return found


def only_downloads(modules: Iterable[Module]) -> Breaches:
    """Find a request of what fetches files that is no plain GET: whatever else it sent, nobody approved."""
    return [
        f"{m.at(call)} sends another request than GET: a file is only fetched"
        for m in modules
        if m.name == DOWNLOADS
        for call in calls(m.tree)
        if dotted(call.func).startswith("client.") and not _is_plain_get(call)
    ]


def _is_plain_get(call: ast.Call) -> bool:
    given = {one.arg for one in call.keywords}
    return called(call) == "stream" and ast.unparse(call.args[0]) == "'GET'" and given == {"headers"}


def configures_cameras(modules: Iterable[Module]) -> Breaches:
    """Find code that configures a camera, or carries out steps of plans, besides what the executor is given for it."""
    may = {
        "configure": (CONFIGURES, "opsterm/storage/migrations/env.py"),
        "StepTransports": ("opsterm/runtime/rooms.py",),
        "CameraLine": (CAMERAS, WRITES),
    }
    return [
        f"{m.at(call)} calls {called(call)}: only {' and '.join(may[called(call)])} may"
        for m in modules
        for call in calls(m.tree)
        if m.name not in may.get(called(call), (m.name,))
    ]


def _gets(call: ast.Call) -> bool:
    """Return whether a request to a camera names a method that gets something, and nothing else."""
    first = call.args[0] if len(call.args) == 1 else None
    return isinstance(first, ast.Constant) and str(first.value).startswith("get")
