"""An OpenAPI description, 3.0 or 3.1, becomes operations with typed parameters.

What cannot be used is left out with a sentence, and the rest is taken: one operation of a stranger's thousand that
refers to another file is no reason to have none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from opsterm.core.errors import BadInput
from opsterm.core.http_parts import MULTIPART
from opsterm.core.http_request import METHODS, SET_BY_US
from opsterm.core.text import clean_line
from opsterm.inventory.apis.description import (
    FORM,
    ApiDescription,
    Json,
    Operation,
    Parameter,
    RequestBody,
    SecurityScheme,
)
from opsterm.inventory.apis.references import References, Unusable
from opsterm.inventory.apis.schemas import SchemaTable

OPERATIONS_LIMIT = 10_000
PARAMETERS_LIMIT = 200
LEFT_OUT_LIMIT = 100
ABOUT_LIMIT = 200

_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:/@-]{0,149}")
_TEMPLATE = re.compile(r"\{([^{}/]{1,100})\}")
LONGEST_URL = 500
MOST_SCOPES = 100
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}")
"""RFC 6749, 3.3."""
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_SCHEME_NAME = re.compile(r"[^A-Za-z0-9_.-]")
_NOT_PARAMETERS = SET_BY_US | {"accept", "content-type", "authorization"}
"""Headers that a description cannot make parameters (OpenAPI 3.1.1, 4.8.12.1), and those that are the connection's."""

_STYLES: Mapping[str, tuple[str, ...]] = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
"""Styles of each place, its default first."""


def read_openapi(tree: Mapping[str, Any]) -> ApiDescription:
    """Return what a description offers.

    Raises:
        BadInput: it is no OpenAPI 3.0 or 3.1, or has nothing that can be called.
    """
    version = _version(tree)
    reading = _Reading(dict(tree))
    operations = reading.operations()
    if not operations:
        raise BadInput(
            "The description has no operation that can be called.", why="\n".join(reading.left_out[:3]),
            next_step="Give a description with paths.",
        )  # fmt: skip
    info = tree.get("info")
    info = info if isinstance(info, dict) else {}
    return ApiDescription(
        title=_line(info.get("title")) or "untitled",
        version=_line(info.get("version")),
        openapi=version,
        servers=tuple(reading.servers(tree.get("servers"))),
        operations=tuple(operations),
        schemes=tuple(reading.schemes.values()),
        schemas=reading.table.found,
        left_out=tuple(reading.left_out),
    )


def _version(tree: Mapping[str, Any]) -> str:
    version = clean_line(str(tree.get("openapi", "")), limit=20)
    if re.fullmatch(r"3\.[01](\.\d+)?", version):
        return version
    if "swagger" in tree:
        raise BadInput(
            "The description is Swagger 2.0; OpenAPI 3.0 and 3.1 are read.", next_step="Convert it to OpenAPI 3."
        )
    said = f"It says openapi: {version}." if version else "It has no line `openapi: 3…`."
    raise BadInput("This is no OpenAPI description of version 3.0 or 3.1.", why=said)


def _line(value: Json, limit: int = ABOUT_LIMIT) -> str:
    """Return the first line of a stranger's text, cleaned."""
    return (
        clean_line(str(value).strip().partition("\n")[0], limit=limit) if isinstance(value, str | int | float) else ""
    )


class _Reading:
    """One pass over a description."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self._tree = tree
        self._references = References(tree)
        self.left_out: list[str] = []
        self.table = SchemaTable(self._references.schema, self._leave_out)
        self._taken: set[str] = set()
        self._scheme_names: dict[str, str] = {}
        self.schemes = self._schemes()
        self._root_security = self._security(tree.get("security"))

    def operations(self) -> list[Operation]:
        """Return every operation that can be used; `table` is complete afterwards."""
        made: list[Operation] = []
        for path, method, item, operation in self._places():
            if len(made) >= OPERATIONS_LIMIT:
                raise BadInput(
                    f"The description has more than {OPERATIONS_LIMIT:,} operations.",
                    next_step="Take those that are needed into a smaller one.",
                )
            try:
                made.append(self._operation(path, method, item, operation))
                self.table.close()
            except BadInput as error:
                self._leave_out(f"{method} {clean_line(path, limit=100)}: {error.what}")
        return made

    def _leave_out(self, line: str) -> None:
        if len(self.left_out) < LEFT_OUT_LIMIT:
            self.left_out.append(line)
        elif len(self.left_out) == LEFT_OUT_LIMIT:
            self.left_out.append("… and more.")

    def _places(self) -> Iterator[tuple[str, str, dict[str, Any], Json]]:
        paths = self._tree.get("paths")
        for path, node in paths.items() if isinstance(paths, dict) else ():
            try:
                item = self._references.mapping(node, "the path")
            except Unusable as error:
                self._leave_out(f"{clean_line(path, limit=100)}: {error.what}")
                continue
            for method in METHODS:
                if method.lower() in item:
                    yield path, method, item, item[method.lower()]

    def _operation(self, path: str, method: str, item: dict[str, Any], node: Json) -> Operation:
        operation = self._references.mapping(node, "the operation")
        path = path.partition("#")[0]  # behind it stands what tells variants of one path apart, and is not sent
        if not re.fullmatch(r"/[!-~]*", path) or "?" in path or len(path) > 1000:
            raise Unusable("Its path has characters that a path cannot have.")
        parameters = self._parameters(path, item.get("parameters"), operation.get("parameters"))
        servers = [*self.servers(operation.get("servers")), *self.servers(item.get("servers"))]
        tags = operation.get("tags")
        return Operation(
            id=self._id(operation.get("operationId"), method, path),
            method=method,
            path=path,
            summary=_line(operation.get("summary")) or _line(operation.get("description")),
            tags=tuple(_line(tag, 60) for tag in tags[:10]) if isinstance(tags, list) else (),
            deprecated=operation.get("deprecated") is True,
            parameters=tuple(parameters),
            body=self._body(operation.get("requestBody")),
            security=self._security(operation["security"]) if "security" in operation else self._root_security,
            server=servers[0] if servers else "",
            named=self._is_id(operation.get("operationId")),
        )

    def _is_id(self, given: Json) -> bool:
        return isinstance(given, str) and bool(_ID.fullmatch(given))

    def _id(self, given: Json, method: str, path: str) -> str:
        name = str(given) if self._is_id(given) else ""
        if not name:
            words = re.sub(r"[^A-Za-z0-9]+", "_", path).strip("_")[:120]
            name = f"{method.lower()}_{words}".strip("_")
        made, number = name, 1
        while made.lower() in self._taken:
            number += 1
            made = f"{name}-{number}"
        self._taken.add(made.lower())
        return made

    # ------------------------------------------------------------------ parameters and body

    def _parameters(self, path: str, *lists: Json) -> list[Parameter]:
        """Return the parameters of a path and of an operation, the latter going before one of the same name."""
        made: dict[tuple[str, str], Parameter] = {}
        for nodes in lists:
            for node in nodes if isinstance(nodes, list) else ():
                if len(made) >= PARAMETERS_LIMIT:
                    raise Unusable(f"It has more than {PARAMETERS_LIMIT} parameters.")
                one = self._parameter(self._references.mapping(node, "a parameter"))
                if one is not None:
                    made[one.place, one.name] = one
        wanted = _TEMPLATE.findall(path)
        for name in wanted:
            if ("path", name) not in made:
                made["path", name] = Parameter(
                    name=name, place="path", required=True, schema={"type": "string"}, style="simple", explode=False
                )
        return [one for one in made.values() if one.place != "path" or one.name in wanted]

    def _parameter(self, node: dict[str, Any]) -> Parameter | None:
        name, place = node.get("name"), str(node.get("in"))
        if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= 100 or place not in _STYLES:
            raise Unusable("A parameter has no name or no place that can be used.")
        if place == "header" and not _HEADER_NAME.fullmatch(name):
            raise Unusable("A header has a name that no header can have.")
        if place == "header" and name.lower() in _NOT_PARAMETERS:
            return None
        content = node.get("content")
        schema = node.get("schema", True)
        if isinstance(content, dict) and content:
            media_type, media = next(iter(content.items()))
            if not _is_json(media_type):
                raise Unusable(f"The parameter {clean_line(name)} is {clean_line(str(media_type), limit=60)}.")
            schema = media.get("schema", True) if isinstance(media, dict) else True
        style = node.get("style", _STYLES[place][0])
        if style not in _STYLES[place]:
            style = _STYLES[place][0]
        explode = node.get("explode")
        return Parameter(
            name=name,
            place=place,
            required=place == "path" or node.get("required") is True,
            schema=self.table.reduce(schema),
            style=style,
            explode=explode if isinstance(explode, bool) else style == "form",
            reserved=node.get("allowReserved") is True,
            as_json=isinstance(content, dict) and bool(content),
            about=_line(node.get("description")),
        )

    def _body(self, node: Json) -> RequestBody | None:
        if node is None:
            return None
        body = self._references.mapping(node, "the body")
        content = body.get("content")
        offered = [name for name in content if isinstance(name, str)] if isinstance(content, dict) else []
        chosen = next(
            (name for fits in (_is_json, _is_form, _is_text, _is_multipart) for name in offered if fits(name)), ""
        )  # fmt: skip
        media = content[chosen] if chosen and isinstance(content, dict) else {}
        schema = media.get("schema", True) if isinstance(media, dict) else True
        return RequestBody(
            required=body.get("required") is True,
            media_type="application/json" if "*" in chosen else chosen.partition(";")[0].strip().lower(),
            offered=tuple(clean_line(name, limit=80) for name in offered[:10]),
            schema=self.table.reduce(schema) if chosen else True,
        )

    # ------------------------------------------------------------------ security and servers

    def _schemes(self) -> dict[str, SecurityScheme]:
        components = self._tree.get("components")
        nodes = components.get("securitySchemes") if isinstance(components, dict) else None
        made = {}
        for name, node in list(nodes.items())[:100] if isinstance(nodes, dict) else ():
            kept = _SCHEME_NAME.sub("_", str(name))[:80] or "_"
            while kept in made:
                kept += "_"
            self._scheme_names[name] = kept
            try:
                made[kept] = _scheme(kept, self._references.mapping(node, "a security scheme"))
            except Unusable:
                made[kept] = SecurityScheme(name=kept, kind="other")
        return made

    def _security(self, node: Json) -> tuple[tuple[str, ...], ...]:
        ways = [way for way in node if isinstance(way, dict)] if isinstance(node, list) else []
        return tuple(
            tuple(self._scheme_names.get(name, _SCHEME_NAME.sub("_", str(name))[:80]) for name in way)
            for way in ways[:20]
        )

    def servers(self, node: Json) -> Iterator[str]:
        """Yield base URLs, variables filled with their defaults; one with a variable that has none is passed over."""
        for server in node[:50] if isinstance(node, list) else ():
            url = server.get("url") if isinstance(server, dict) else None
            if not isinstance(url, str):
                continue
            variables = server.get("variables")
            for name, variable in variables.items() if isinstance(variables, dict) else ():
                default = variable.get("default") if isinstance(variable, dict) else None
                if isinstance(default, str | int | float):
                    url = url.replace(f"{{{name}}}", str(default))
            url = quote(url.strip(), safe="%/:=&?~#+!$,;'@()*[]{}").rstrip("/") or "/"
            if len(url) <= 500 and "{" not in url:
                yield url


def _scheme(name: str, node: dict[str, Any]) -> SecurityScheme:
    kind = {"apiKey": "apiKey", "oauth2": "oauth2", "openIdConnect": "openIdConnect"}.get(
        str(node.get("type")), "other"
    )
    if node.get("type") == "http":
        word = str(node.get("scheme")).lower()
        kind = word if word in ("basic", "bearer") else "other"
    place, parameter = str(node.get("in", "")), str(node.get("name", ""))
    if kind == "apiKey" and (place not in ("header", "query", "cookie") or not _HEADER_NAME.fullmatch(parameter)):
        kind = "other"
    if kind == "apiKey" and place == "header" and parameter.lower() in SET_BY_US | {"content-type"}:
        kind = "other"
    about = _line(node.get("description"))
    if kind == "oauth2":
        token_url, scopes = _client_flow(node.get("flows"))
        return SecurityScheme(name=name, kind=kind, about=about, token_url=token_url, scopes=scopes)
    if kind != "apiKey":
        return SecurityScheme(name=name, kind=kind, about=about)
    return SecurityScheme(name=name, kind=kind, place=place, parameter=parameter, about=about)


def _client_flow(flows: Json) -> tuple[str, tuple[str, ...]]:
    """Return token URL and scopes of the flow of client credentials, "" and none where there is no usable one."""
    flow = flows.get("clientCredentials") if isinstance(flows, dict) else None
    url = flow.get("tokenUrl") if isinstance(flow, dict) else None
    if not isinstance(flow, dict) or not isinstance(url, str) or len(url) > LONGEST_URL or not url.isprintable():
        return "", ()
    scopes = flow.get("scopes")
    names = [str(name) for name in scopes if _SCOPE.fullmatch(str(name))] if isinstance(scopes, dict) else []
    return url.strip(), tuple(names[:MOST_SCOPES])


def _is_json(media_type: Json) -> bool:
    kind = str(media_type).partition(";")[0].strip().lower()
    return bool(re.fullmatch(r"application/json|text/json|[a-z0-9.+/-]{1,80}\+json|\*/\*|application/\*", kind))


def _is_form(media_type: Json) -> bool:
    return str(media_type).partition(";")[0].strip().lower() == FORM


def _is_multipart(media_type: Json) -> bool:
    return str(media_type).partition(";")[0].strip().lower() == MULTIPART


def _is_text(media_type: Json) -> bool:
    return bool(re.fullmatch(r"text/[a-z0-9.+-]{1,40}", str(media_type).partition(";")[0].strip().lower()))
