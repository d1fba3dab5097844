"""What is kept of an OpenAPI description: its operations, typed, and nothing that a call does not need.

Every text in it is a stranger's, cleaned and cut when the description was read; a schema is JSON Schema 2020-12
whose references all begin with `#/$defs/` and lead into `ApiDescription.schemas`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from opsterm.core.errors import NotFound
from opsterm.core.http_request import SAFE_METHODS
from opsterm.core.http_words import changing_word
from opsterm.inventory.apis.operation_words import says_it_reads
from opsterm.inventory.patterns import near_enough

Json = Any
"""What JSON carries; its shape is a stranger's."""

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A value that a call takes besides its body.

    Attributes:
        name: as it is sent.
        place: "path", "query", "header" or "cookie".
        required: whether a call must have it.
        schema: of its value.
        style: "simple", "label", "matrix", "form", "spaceDelimited", "pipeDelimited" or "deepObject".
        explode: whether each item of a list, or field of an object, is a value of its own.
        reserved: whether a query value keeps the signs that a URL reserves.
        as_json: whether its text is JSON (a parameter with `content`).
        about: one line, "" for nothing.
    """

    name: str
    place: str
    required: bool
    schema: Json
    style: str
    explode: bool
    reserved: bool = False
    as_json: bool = False
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBody:
    """What a call sends as its body.

    Attributes:
        required: whether a call must have one.
        media_type: the one of those offered that is sent, as in "application/json"; "" when none can be written here.
        offered: all that the description names.
        schema: of the body.
    """

    required: bool
    media_type: str
    offered: tuple[str, ...]
    schema: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that an API can do.

    Attributes:
        id: its name, unique in its API: the operationId, or one made of method and path.
        method: a word of `core.http_request.METHODS`.
        path: template, as in "/pets/{petId}".
        summary: one line, "" for nothing.
        tags: as the description has them.
        deprecated: whether the description says that it will go.
        parameters: in the order of the description.
        body: None when it takes none.
        security: ways to let a call in, any of which will do; each names the schemes it needs, and one without any
            needs none. Empty: nothing is needed.
        server: base URL of its own, "" for the API's.
        named: whether the id is the description's own.
        accepted: whether the operator has said that it only reads; not kept with the description.
    """

    id: str
    method: str
    path: str
    summary: str = ""
    tags: tuple[str, ...] = ()
    deprecated: bool = False
    parameters: tuple[Parameter, ...] = ()
    body: RequestBody | None = None
    security: tuple[tuple[str, ...], ...] = ()
    server: str = ""
    named: bool = False
    accepted: bool = False

    @property
    def could_read(self) -> bool:
        """Whether its method and path leave it possible that it only reads."""
        return self.method in SAFE_METHODS and self.body is None and not changing_word(self.path)

    @property
    def only_reads(self) -> bool:
        """Whether it may be called without an approval, by method, path and words; what a value adds, the policy sees.

        A GET whose words leave it open is asked about until the operator has accepted it.
        """
        said = self.accepted or says_it_reads(self.id if self.named else "", self.summary, self.path)
        return self.could_read and said


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityScheme:
    """How an API lets a call in.

    Attributes:
        name: as operations name it; the name under which its secret is kept.
        kind: "apiKey", "basic", "bearer", "oauth2" or "openIdConnect" (a token that somebody else fetched is sent as
            bearer), or "other", which is not sent.
        place: "header", "query" or "cookie" of an apiKey.
        parameter: name of the header, query parameter or cookie of an apiKey.
        about: one line, "" for nothing.
        token_url: where oauth2 gives a client a token by its own secret, "" where it does not.
        scopes: those that a token of it can have.
    """

    name: str
    kind: str
    place: str = ""
    parameter: str = ""
    about: str = ""
    token_url: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDescription:
    """An API.

    Attributes:
        title: what it calls itself.
        version: of the API, as it says.
        openapi: version of the description's language, as in "3.1.0".
        servers: base URLs, variables filled with their defaults; may be relative, may be none.
        operations: in the order of the description.
        schemes: ways to let a call in.
        schemas: by the name behind `#/$defs/`.
        left_out: what was not taken, and why, a line each.
    """

    title: str
    version: str
    openapi: str
    servers: tuple[str, ...]
    operations: tuple[Operation, ...]
    schemes: tuple[SecurityScheme, ...] = ()
    schemas: Mapping[str, Json] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    def operation(self, name: str) -> Operation:
        """Return the operation of that name, whatever its capitals.

        Raises:
            NotFound: there is none; names the nearest.
        """
        found = [one for one in self.operations if one.id == name] or [
            one for one in self.operations if one.id.lower() == name.lower()
        ]
        if len(found) != 1:
            near = near_enough(name, [one.id for one in self.operations])
            raise NotFound(
                f"{self.title} has no operation {name[:100]!r}.",
                next_step=f"The nearest is {near}." if near else "`opsterm apis show` lists those there are.",
            )
        return found[0]

    def scheme(self, name: str) -> SecurityScheme | None:
        """Return a way to let a call in."""
        return next((scheme for scheme in self.schemes if scheme.name == name), None)

    def closed(self, schema: Json) -> Json:
        """Return a schema together with all that it refers to, so that it stands for itself."""
        wanted = list(references_of(schema))
        found: dict[str, Json] = {}
        while wanted:
            name = wanted.pop()
            if name not in found:
                found[name] = self.schemas.get(name, True)
                wanted += references_of(found[name])
        return {**schema, "$defs": found} if found and isinstance(schema, dict) else schema


REFERENCE = "#/$defs/"


def references_of(schema: Json) -> Sequence[str]:
    """Return the names that a schema refers to."""
    found, left = [], [schema]
    while left:
        node = left.pop()
        if isinstance(node, dict):
            name = node.get("$ref")
            if isinstance(name, str):
                found.append(name.removeprefix(REFERENCE))
            left += node.values()
        elif isinstance(node, list):
            left += node
    return found


def description_to_json(description: ApiDescription) -> str:
    """Return a description as one line of JSON."""
    return json.dumps(asdict(description), ensure_ascii=False, separators=(",", ":"))


def description_from_json(text: str) -> ApiDescription:
    """Return what `description_to_json` wrote."""
    tree = json.loads(text)
    return ApiDescription(
        title=tree["title"],
        version=tree["version"],
        openapi=tree["openapi"],
        servers=tuple(tree["servers"]),
        operations=tuple(_operation(one) for one in tree["operations"]),
        schemes=tuple(SecurityScheme(**{**one, "scopes": tuple(one.get("scopes", ()))}) for one in tree["schemes"]),
        schemas=tree["schemas"],
        left_out=tuple(tree["left_out"]),
    )


def _operation(tree: dict[str, Any]) -> Operation:
    body = tree["body"]
    return Operation(
        id=tree["id"],
        method=tree["method"],
        path=tree["path"],
        summary=tree["summary"],
        tags=tuple(tree["tags"]),
        deprecated=tree["deprecated"],
        parameters=tuple(Parameter(**one) for one in tree["parameters"]),
        body=RequestBody(**{**body, "offered": tuple(body["offered"])}) if body else None,
        security=tuple(tuple(way) for way in tree["security"]),
        server=tree["server"],
        named=tree.get("named", False),
    )
