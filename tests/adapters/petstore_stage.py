"""A small pet store: a real web server that serves its OpenAPI description and does what it says.

What comes in is checked with jsonschema against the description as it is served: an eye on requests that knows nothing
of how opsterm reads descriptions or writes calls.
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from jsonschema import Draft202012Validator

TOKEN = "t0ken-of-the-store"
KEY = "k3y-of-the-store"
PASSWORD = "p4ss-of-the-store"

_PET = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "name": {"type": "string", "minLength": 1, "maxLength": 40},
        "kind": {"type": "string", "enum": ["cat", "dog", "fish"]},
        "age": {"type": "integer", "minimum": 0, "maximum": 40},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 5},
        "parent": {"$ref": "#/components/schemas/Pet"},
    },
}


def described(version: str, server: str) -> dict[str, Any]:
    """Return the description, in the words of OpenAPI 3.0 or 3.1."""
    return {
        "openapi": version,
        "info": {"title": "Pet Store", "version": "1.2"},
        "servers": [{"url": server + "/{base}", "variables": {"base": {"default": "v1"}}}],
        "security": [{"token": []}],
        "paths": _paths(old=version.startswith("3.0")),
        "components": {
            "schemas": {"Pet": _PET},
            "parameters": {"Trace": {"name": "X-Trace", "in": "header", "schema": {"type": "string"}}},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
                "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
            },
        },
    }


def _paths(*, old: bool) -> dict[str, Any]:
    note = {"type": "string", "nullable": True} if old else {"type": ["string", "null"]}
    above = {"minimum": 0, "exclusiveMinimum": True} if old else {"exclusiveMinimum": 0}
    pet_id = {"name": "petId", "in": "path", "required": True, "schema": {"type": "integer", **above}}
    pet = {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}
    form = {"schema": {"type": "object", "properties": {"note": note}}}
    return {
        "/pets": {
            "parameters": [{"$ref": "#/components/parameters/Trace"}],
            "get": {
                "operationId": "listPets", "summary": "List all pets", "security": [],
                "parameters": [
                    _query("limit", {"type": "integer", "minimum": 1, "maximum": 100}),
                    {**_query("tags", {"type": "array", "items": {"type": "string"}}), "explode": False},
                    _query("kind", {"type": "array", "items": {"enum": ["cat", "dog", "fish"]}}),
                ],
            },
            "post": {"operationId": "createPet", "summary": "Create a pet", "requestBody": pet},
        },
        "/pets/{petId}": {
            "parameters": [pet_id],
            "get": {"operationId": "getPet", "summary": "Info for one pet", "security": [{"key": []}]},
            "put": {"operationId": "replacePet", "requestBody": pet, "security": [{"basic": []}]},
            "delete": {"operationId": "deletePet", "summary": "Remove a pet"},
        },
        "/pets/{petId}/note": {
            "parameters": [pet_id],
            "patch": {
                "operationId": "notePet", "requestBody": {"content": {"application/x-www-form-urlencoded": form}},
            },
        },
        "/moved": {"get": {"operationId": "moved", "summary": "Get what has moved", "security": []}},
    }  # fmt: skip


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema}


@dataclass(frozen=True)
class Came:
    """A request that came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Petstore:
    """The store while it runs.

    Attributes:
        url: without a path.
        version: of OpenAPI in which it describes itself.
        came: every request but those for the description.
        pets: by id.
        faults: what was wrong with requests by the description; stays empty.
        extra_paths: further paths of its description.
        servers: those of its description, its own when there are none.
    """

    url: str
    version: str = "3.1.0"
    came: list[Came] = field(default_factory=list)
    pets: dict[int, dict[str, Any]] = field(default_factory=lambda: {1: {"id": 1, "name": "rex", "kind": "dog"}})
    faults: list[str] = field(default_factory=list)
    extra_paths: dict[str, Any] = field(default_factory=dict)
    servers: list[dict[str, Any]] = field(default_factory=list)

    def description(self) -> dict[str, Any]:
        """Return its description."""
        made = described(self.version, self.url)
        made["paths"].update(self.extra_paths)
        made["servers"] = self.servers or made["servers"]
        return made

    @property
    def writes(self) -> list[Came]:
        """Requests that may have changed something."""
        return [one for one in self.came if one.method not in ("GET", "HEAD")]

    def answer(self, request: Came) -> tuple[int, dict[str, str], bytes]:
        """Do what a request asks for."""
        path = urlsplit(request.target).path
        if path == "/openapi.json":
            return _json(200, self.description())
        self.came.append(request)
        request = replace(request, method="GET") if request.method == "HEAD" else request
        parts = unquote(path).strip("/").split("/")
        if parts[:1] != ["v1"]:
            return _json(404, {"error": "not here"})
        if parts[1:] == ["moved"]:
            return 302, {"Location": f"{self.url}/v1/pets"}, b""
        return self._pets(request, parts[2:]) if parts[1:2] == ["pets"] else _json(404, {"error": "nothing"})

    def _pets(self, request: Came, rest: list[str]) -> tuple[int, dict[str, str], bytes]:
        query = dict(parse_qsl(urlsplit(request.target).query))
        if not rest and request.method == "GET":
            self._check({"type": "integer", "minimum": 1, "maximum": 100}, int(query.get("limit", "1")))
            return _json(200, list(self.pets.values())[: int(query.get("limit", "100"))])
        if not rest and request.method == "POST":
            return self._when(_is(request, f"Bearer {TOKEN}"), lambda: self._create(request))
        number = int(rest[0])
        if number not in self.pets:
            return _json(404, {"error": "no such pet"})
        if request.method == "GET":
            return self._when(request.headers.get("X-Key") == KEY, lambda: _json(200, self.pets[number]))
        if request.method == "PUT":
            basic = base64.b64encode(f"ana:{PASSWORD}".encode()).decode()
            return self._when(_is(request, f"Basic {basic}"), lambda: self._create(request, number))
        if request.method == "DELETE":
            return self._when(_is(request, f"Bearer {TOKEN}"), lambda: _json(200, self.pets.pop(number)))
        self.pets[number]["note"] = dict(parse_qsl(request.body.decode())).get("note")
        return _json(200, self.pets[number])

    def _create(self, request: Came, number: int = 0) -> tuple[int, dict[str, str], bytes]:
        pet = json.loads(request.body)
        schema = {**_PET, "components": {"schemas": {"Pet": _PET}}}
        self._check(schema, pet)
        if request.headers.get("Content-Type") != "application/json":
            self.faults.append("a body without its type")
        made = {"id": number or max(self.pets, default=0) + 1, **pet}
        self.pets[made["id"]] = made
        return _json(201, made)

    def _check(self, schema: Any, value: Any) -> None:
        self.faults += [error.message for error in Draft202012Validator(schema).iter_errors(value)]

    @staticmethod
    def _when(let_in: Any, then: Any) -> tuple[int, dict[str, str], bytes]:
        return then() if let_in else _json(401, {"error": "who are you"})


def _is(request: Came, wanted: str) -> bool:
    return request.headers.get("Authorization") == wanted


def _json(status: int, value: object) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()


@contextmanager
def petstore(version: str = "3.1.0", tls: ssl.SSLContext | None = None) -> Iterator[Petstore]:
    """Open the store on a port of the loopback, in a thread."""
    store = Petstore("", version)

    class Desk(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            request = Came(self.command, self.path, dict(self.headers.items()), self.rfile.read(length))
            status, headers, body = store.answer(request)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Set-Cookie", "session=not-for-anybody")
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else body)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815 (the library's names)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    host, scheme = ("127.0.0.1", "http") if tls is None else ("localhost", "https")
    store.url = f"{scheme}://{host}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
