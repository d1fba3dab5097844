"""A call: an operation and an operator's words become the request that would be sent, or a sentence says why not.

Everything is checked here, before anything is sent: names, what is required, types, choices and ranges.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from opsterm.core.errors import BadInput
from opsterm.core.http_parts import MULTIPART, Part, parts_text
from opsterm.core.http_request import HttpRequest, credential_mark, origin_of, parse_request, quoted
from opsterm.core.text import clean_line
from opsterm.inventory.apis.checks import faults_of
from opsterm.inventory.apis.description import FORM, ApiDescription, Json, Operation, Parameter, SecurityScheme
from opsterm.inventory.apis.multipart import FILE_SIGN, UploadedFile, field_parts, file_part, is_file, takes_file
from opsterm.inventory.apis.schemas import schema_words
from opsterm.inventory.apis.styles import cookie_pairs, header_text, path_text, plain, query_pairs
from opsterm.inventory.apis.values import fields_of, json_value, kinds_of, required_of, value_of
from opsterm.inventory.patterns import near_enough

ACCEPT = "application/json, */*;q=0.5"
_PRINTABLE = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_PLACE = re.compile(r"(path|query|header|cookie):(.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What an operator asks of an API.

    Attributes:
        operation: which operation.
        words: name and text of each value, in the order given; a name may be there several times for a list, and may
            be written "query:id" where a name stands in several places.
        body: its text, None for none or one made of `words`.
    """

    operation: str
    words: tuple[tuple[str, str], ...] = ()
    body: str | None = None


def call_words(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return "limit=3" as ("limit", "3"). Raises BadInput for a text without "="."""
    made = []
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise BadInput(f"{clean_line(text, limit=80)!r} is no NAME=VALUE.", next_step="Write it as in limit=3")
        made.append((name, value))
    return tuple(made)


def body_fields(description: ApiDescription, operation: Operation) -> Sequence[tuple[str, bool, Json]]:
    """Return the fields of an operation's body: name, whether it is required, schema; none for other bodies."""
    body = operation.body
    if body is None or not body.media_type:
        return ()
    fields = fields_of(body.schema, description.schemas)
    required = required_of(body.schema, description.schemas)
    return [(name, name in required, schema) for name, schema in fields.items()]


def file_words(description: ApiDescription, call: Call) -> Sequence[str]:
    """Return the paths of the files that a call sends: values that begin with "@" of fields that take a file."""
    operation = description.operation(call.operation)
    if operation.body is None or operation.body.media_type != MULTIPART:
        return ()
    fields = {
        name for name, _, schema in body_fields(description, operation) if takes_file(schema, description.schemas)
    }
    return [text[1:] for name, text in call.words if name in fields and text.startswith(FILE_SIGN)]


def request_of(
    description: ApiDescription, call: Call, *, base_url: str, kept: Collection[str], api: str,
    files: Mapping[str, UploadedFile] | None = None,
) -> HttpRequest:  # fmt: skip
    """Return the request that a call is.

    Args:
        description: of the API.
        call: what is asked.
        base_url: of the server that the operator has said yes to.
        kept: names of security schemes for which there is a secret.
        api: name of the API, for what an error says to do next.
        files: those of `file_words`, by their paths.

    Raises:
        NotFound: no such operation.
        BadInput: a value is missing, unknown or not what it should be; all that is wrong is said at once.
    """
    operation = description.operation(call.operation)
    writing = _Writing(description, operation, call, api, files or {})
    return writing.request(base_url, kept)


class _Writing:
    """One call while it is written."""

    def __init__(
        self, description: ApiDescription, operation: Operation, call: Call, api: str,
        files: Mapping[str, UploadedFile],
    ) -> None:  # fmt: skip
        self._description = description
        self._operation = operation
        self._call = call
        self._api = api
        self._files = files
        self._faults: list[str] = []

    def request(self, base_url: str, kept: Collection[str]) -> HttpRequest:
        """Return the request. Raises BadInput."""
        operation = self._operation
        given, fields = self._sorted()
        values = self._values(given)
        body = self._body(fields)
        if self._faults:
            raise BadInput(
                f"{operation.id} cannot be called so.", why="\n".join(self._faults),
                next_step=f"What it takes: opsterm apis show {self._api} {operation.id}",
            )  # fmt: skip
        server = operation.server or base_url
        if operation.server and origin_of(operation.server) != origin_of(base_url):
            raise BadInput(
                f"{operation.id} is at another server, {clean_line(operation.server, limit=200)}.",
                next_step="Add the description once more with --name and --server for that one.",
            )
        queries, headers, cookies = self._placed(values)
        headers = [("Accept", ACCEPT), *headers]
        if body:
            headers.append(("Content-Type", operation.body.media_type if operation.body else ""))
        self._let_in(kept, server, queries, headers, cookies)
        if cookies:
            headers.append(("Cookie", "; ".join(cookies)))
        url = server + self._path(values) + (f"?{'&'.join(queries)}" if queries else "")
        made = HttpRequest(method=operation.method, url=url, headers=tuple(headers), body=body)
        return parse_request(made.text)

    # ------------------------------------------------------------------ which value is meant

    def _sorted(self) -> tuple[Mapping[tuple[str, str], Sequence[str]], Mapping[str, Sequence[str]]]:
        """Return the words of each parameter, and those of fields of the body."""
        given: dict[tuple[str, str], list[str]] = {}
        fields: dict[str, list[str]] = {}
        body_fields = self._body_fields() if self._call.body is None else {}
        for name, text in self._call.words:
            found = self._named(name)
            if len(found) > 1:
                self._faults.append(f"{name} stands in several places: write {found[0].place}:{name} and so on.")
            elif found:
                given.setdefault((found[0].place, found[0].name), []).append(text)
            elif name in body_fields:
                fields.setdefault(name, []).append(text)
            else:
                known = [one.name for one in self._operation.parameters] + list(body_fields)
                near = near_enough(name, known)
                hint = f" The nearest is {near}." if near else f" It takes {_some(known)}." if known else ""
                self._faults.append(f"There is no {clean_line(name, limit=60)}.{hint}")
        return given, fields

    def _named(self, name: str) -> list[Parameter]:
        exact = [one for one in self._operation.parameters if one.name == name]
        placed = _PLACE.fullmatch(name)
        if exact or not placed:
            return exact
        return [one for one in self._operation.parameters if (one.place, one.name) == placed.groups()]

    def _body_fields(self) -> Mapping[str, Json]:
        return {name: schema for name, _, schema in body_fields(self._description, self._operation)}

    def _values(self, given: Mapping[tuple[str, str], Sequence[str]]) -> list[tuple[Parameter, Json]]:
        values = []
        for one in self._operation.parameters:
            words = given.get((one.place, one.name))
            if words is None:
                if one.required:
                    wanted = schema_words(one.schema, self._description.schemas)
                    self._faults.append(f"{one.name} is missing: {wanted}.")
                continue
            schema = self._description.closed(one.schema)
            value = self._checked(one.name, words, schema, as_json=one.as_json)
            if one.place == "path" and plain(value) in ("", ".", ".."):
                self._faults.append(f"{one.name} stands in the path and cannot be {plain(value)!r}.")
            values.append((one, value))
        return values

    def _checked(self, name: str, words: Sequence[str], schema: Json, *, as_json: bool = False) -> Json:
        try:
            value = json_value(words[-1]) if as_json else value_of(words, schema)
        except BadInput as error:
            self._faults.append(f"{name}: {error.what}")
            return None
        self._faults += [f"{_joined(name, fault)}." for fault in faults_of(value, schema)]
        return value

    # ------------------------------------------------------------------ how it is written

    def _placed(
        self, values: Sequence[tuple[Parameter, Json]]
    ) -> tuple[list[str], list[tuple[str, str]], list[str]]:  # fmt: skip
        queries: list[str] = []
        headers: list[tuple[str, str]] = []
        cookies: list[str] = []
        for one, value in values:
            if one.place == "query":
                queries += query_pairs(one, value)
            elif one.place == "cookie":
                cookies += cookie_pairs(one, value)
            elif one.place == "header":
                text = header_text(one, value)
                if not _PRINTABLE.fullmatch(text) or "{credential:" in text:
                    raise BadInput(f"{one.name} is a header, and headers are printable ASCII.")
                headers.append((one.name, text))
        return queries, headers, cookies

    def _path(self, values: Sequence[tuple[Parameter, Json]]) -> str:
        texts = {one.name: path_text(one, value) for one, value in values if one.place == "path"}
        parts = re.split(r"\{([^{}/]+)\}", self._operation.path)
        fixed = [quote(part, safe="%/:@!$&'()*+,;=~") if at % 2 == 0 else texts[part] for at, part in enumerate(parts)]
        return "".join(fixed)

    def _body(self, fields: Mapping[str, Sequence[str]]) -> str:
        body, text = self._operation.body, self._call.body
        if body is None:
            if text is not None:
                self._faults.append("It takes no body.")
            return ""
        if text is None and not fields:
            if body.required:
                self._faults.append(f"The body is missing: {schema_words(body.schema, self._description.schemas)}.")
            return ""
        if not body.media_type:
            self._faults.append(f"Its body is {_some(body.offered)}; JSON, forms and text are sent.")
            return ""
        schema = self._description.closed(body.schema)
        if body.media_type == MULTIPART:
            return self._multipart(fields, schema)
        if text is not None and body.media_type.startswith("text/") and body.media_type != "text/json":
            return text
        value: Json
        if text is None:
            named = self._body_fields()
            value = {
                name: self._field(name, words, self._description.closed(named[name])) for name, words in fields.items()
            }
        else:
            try:
                value = json_value(text)
            except BadInput as error:
                self._faults.append(f"The body: {error.what}")
                return ""
        self._faults += [f"The body{': ' if fault[:1] != '[' else ''}{fault}." for fault in faults_of(value, schema)]
        return self._form(value) if body.media_type == FORM else json.dumps(value, ensure_ascii=False, indent=2)

    def _multipart(self, fields: Mapping[str, Sequence[str]], schema: Json) -> str:
        """Return the text of the parts of a form with files."""
        if self._call.body is not None:
            self._faults.append(
                "The body is a form with files: give its fields as NAME=VALUE, and files as NAME=@PATH."
            )
            return ""
        named, value, parts = self._body_fields(), dict[str, Json](), list[Part]()
        for name, words in fields.items():
            files = [self._files[word[1:]] for word in words if word.startswith(FILE_SIGN) and word[1:] in self._files]
            if len(files) == len(words):
                parts += [file_part(name, file) for file in files]
                value[name] = [file.name for file in files] if len(files) > 1 else files[0].name
                continue
            if is_file(named[name], self._description.schemas):
                self._faults.append(f"{name} is a file: write it as in {name}=@PATH.")
                continue
            value[name] = self._field(name, words, self._description.closed(named[name]))
            parts += field_parts(name, value[name])
        self._faults += [f"The body{': ' if fault[:1] != '[' else ''}{fault}." for fault in faults_of(value, schema)]
        return parts_text(parts)

    def _field(self, name: str, words: Sequence[str], schema: Json) -> Json:
        try:
            value = value_of(words, schema)
        except BadInput as error:
            self._faults.append(f"{name}: {error.what}")
            return None
        kinds = kinds_of(schema, schema.get("$defs", {}) if isinstance(schema, dict) else {})
        if isinstance(value, str) and not kinds and value.lstrip()[:1] in ("{", "["):
            return json_value(value)  # a field of any kind whose text looks like JSON
        return value

    def _form(self, value: Json) -> str:
        if not isinstance(value, dict):
            self._faults.append("The body is a form: give an object, or its fields as NAME=VALUE.")
            return ""
        return "&".join(
            f"{quoted(name)}={quoted(plain(item))}"
            for name, items in value.items()
            for item in (items if isinstance(items, list) else [items])
        )

    # ------------------------------------------------------------------ who lets it in

    def _let_in(
        self, kept: Collection[str], server: str, queries: list[str], headers: list[tuple[str, str]],
        cookies: list[str],
    ) -> None:  # fmt: skip
        ways = self._operation.security
        way = next((way for way in ways if way and all(name in kept for name in way)), None)
        if way is None and ways and () not in ways:
            raise self._not_let_in()
        for name in way or ():
            scheme = self._description.scheme(name)
            if scheme is None or scheme.kind == "other":
                raise self._not_let_in()
            if not origin_of(server).secure:
                raise BadInput(
                    f"{self._operation.id} needs a secret, and {origin_of(server)} is asked over http.",
                    next_step="Use a server with https: it would be sent as it is.",
                )
            _put(scheme, queries, headers, cookies)

    def _not_let_in(self) -> BadInput:
        names = list(dict.fromkeys(name for way in self._operation.security for name in way))
        schemes = [self._description.scheme(name) for name in names]
        usable = [scheme.name for scheme in schemes if scheme is not None and scheme.kind != "other"]
        if not usable:
            return BadInput(f"{self._operation.id} wants {_some(names)}, which is not spoken here.")
        return BadInput(
            f"{self._operation.id} needs {_some(usable)}, and no secret is kept for it.",
            next_step=f"Keep one: opsterm apis login {self._api} {usable[0]}",
        )


def _put(scheme: SecurityScheme, queries: list[str], headers: list[tuple[str, str]], cookies: list[str]) -> None:
    mark = credential_mark(scheme.name)
    if scheme.kind != "apiKey":
        headers.append(("Authorization", f"{'Basic' if scheme.kind == 'basic' else 'Bearer'} {mark}"))
    elif scheme.place == "header":
        headers.append((scheme.parameter, mark))
    elif scheme.place == "query":
        queries.append(f"{quoted(scheme.parameter)}={mark}")
    else:
        cookies.append(f"{quoted(scheme.parameter)}={mark}")


def _joined(name: str, fault: str) -> str:
    return f"{name}{fault}" if fault[:1] == "[" else f"{name} {fault}"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:12])
    return f"{shown} and {len(names) - 12} more" if len(names) > 12 else shown
