"""Dataclasses as JSON and back, and the JSON Schema that says so: one source for both.

The interface checks only shape here; what the values mean, the constructors behind it check.
Supported: str, int, float, bool, None, Literal, ``X | None``, list, tuple[X, ...], dict[str, X],
``object`` (any JSON) and nested dataclasses.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from protocol.errors import LocalError

Json = dict[str, Any]
T = TypeVar("T")


def to_json(value: Any) -> Any:
    """Return a dataclass (or a container of them) as JSON values."""
    if is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    return value


def from_json(shape: type[T], value: object) -> T:
    """Read a request's body. Raises LocalError ``request-malformed`` naming the field."""
    return _read(shape, value, "")  # type: ignore[no-any-return]


def from_query(shape: type[T], values: Mapping[str, list[str]]) -> T:
    """Read query parameters; lists may repeat. Raises LocalError ``request-malformed``."""
    hints = field_types(shape)
    body: Json = {}
    for name, texts in values.items():
        if name not in hints:
            raise LocalError("request-malformed", field=name)
        body[name] = _from_text(hints[name], texts, name)
    return from_json(shape, body)


def schema(shape: Any, definitions: dict[str, Json]) -> Json:
    """Return the JSON Schema of a shape; dataclasses go into ``definitions`` by name."""
    if is_dataclass(shape) and isinstance(shape, type):
        if shape.__name__ not in definitions:
            definitions[shape.__name__] = {}
            definitions[shape.__name__] = _object_schema(shape, definitions)
        return {"$ref": f"#/components/schemas/{shape.__name__}"}
    origin, arguments = get_origin(shape), get_args(shape)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [schema(option, definitions) for option in arguments]}
    if origin in (list, tuple):
        return {"type": "array", "items": schema(arguments[0], definitions)}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema(arguments[1], definitions)}
    return dict(_PLAIN[shape])


_PLAIN: dict[Any, Json] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    object: {},
}


def optional(field: Field[Any]) -> bool:
    """Tell whether a field may be left out."""
    return field.default is not MISSING or field.default_factory is not MISSING


def field_types(shape: Any) -> dict[str, Any]:
    """Return the type of each field of a shape."""
    found = _FIELD_TYPES.get(shape)
    if found is None:
        hints = get_type_hints(shape)
        found = {field.name: hints[field.name] for field in fields(shape)}
        _FIELD_TYPES[shape] = found
    return found


_FIELD_TYPES: dict[Any, dict[str, Any]] = {}


def description(shape: type) -> str:
    """Return the first paragraph of a shape's docstring, on one line."""
    return " ".join((shape.__doc__ or "").split("\n\n")[0].split())


def _object_schema(shape: type, definitions: dict[str, Json]) -> Json:
    hints = field_types(shape)
    required = [field.name for field in fields(shape) if not optional(field)]
    result: Json = {
        "type": "object",
        "description": description(shape),
        "properties": {name: schema(hint, definitions) for name, hint in hints.items()},
        "additionalProperties": False,
    }
    if required:
        result["required"] = required
    return result


def _read(shape: Any, value: object, path: str) -> Any:
    if is_dataclass(shape) and isinstance(shape, type):
        return _read_object(shape, value, path)
    origin, arguments = get_origin(shape), get_args(shape)
    if origin is Literal:
        return value if value in arguments else _refuse(path)
    if origin in (Union, types.UnionType):
        return _read_union(arguments, value, path)
    if origin in (list, tuple):
        if not isinstance(value, list):
            return _refuse(path)
        items = [_read(arguments[0], item, f"{path}[{i}]") for i, item in enumerate(value)]
        return tuple(items) if origin is tuple else items
    if origin is dict:
        if not isinstance(value, dict):
            return _refuse(path)
        return {key: _read(arguments[1], item, f"{path}.{key}") for key, item in value.items()}
    if shape is object:
        return value
    if shape is float and type(value) is int:
        return float(value)
    return value if type(value) is shape else _refuse(path)


def _read_union(options: tuple[Any, ...], value: object, path: str) -> Any:
    if value is None and type(None) in options:
        return None
    for option in options:
        if option is not type(None):
            return _read(option, value, path)
    return _refuse(path)


def _read_object(shape: type, value: object, path: str) -> Any:
    if not isinstance(value, dict):
        return _refuse(path)
    hints = field_types(shape)
    unknown = next((name for name in value if name not in hints), None)
    if unknown is not None:
        return _refuse(f"{path}.{unknown}")
    for field in fields(shape):
        if field.name not in value and not optional(field):
            return _refuse(f"{path}.{field.name}")
    return shape(**{n: _read(hints[n], item, f"{path}.{n}") for n, item in value.items()})


def _from_text(hint: Any, texts: list[str], name: str) -> Any:
    if get_origin(hint) in (list, tuple):
        return [_from_text(get_args(hint)[0], [text], name) for text in texts]
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(option for option in get_args(hint) if option is not type(None))
    text = texts[-1]
    if hint is bool:
        return {"true": True, "false": False}.get(text, text)
    if hint in (int, float):
        try:
            return hint(text)
        except ValueError:
            return _refuse(name)
    return text


def _refuse(path: str) -> Any:
    raise LocalError("request-malformed", field=path.lstrip("."))
