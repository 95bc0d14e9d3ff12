"""Params: frozen values whose units, bounds, symbols and meaning are declared once.

Error messages, JSON schema, documentation, axis labels and the command line's ``--set`` all
read the same declaration. TOML, JSON and Python arguments build the same object.
"""

import inspect
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    Tag,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import ErrorDetails, PydanticUndefined

from synfer.core.errors import ParameterError, did_you_mean

_TAGS: set[str] = set()
"""Of the unions that fields have been declared with."""

_BOUNDS = {
    "greater_than": (">", "gt"),
    "greater_than_equal": (">=", "ge"),
    "less_than": ("<", "lt"),
    "less_than_equal": ("<=", "le"),
}


def tag(name: str) -> Tag:
    """The tag of one kind of value in a union, which messages about the field do not mention."""
    _TAGS.add(name)
    return Tag(name)


def field(default: Any = PydanticUndefined, *, unit: str = "", symbol: str = "", doc: str = "", **bounds: Any) -> Any:
    """Declare one field of a Params: its unit, symbol, one line of doc and bounds (gt, ge, lt, le).

    A field without `default` is required; every float must be finite.
    """
    extra: Any = {"unit": unit, "symbol": symbol}
    return Field(default, description=doc, json_schema_extra=extra, **bounds)


def _frozen_array(value: Any) -> np.ndarray:
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"must be an array of numbers ({error})") from None
    if not np.all(np.isfinite(array)):
        raise ValueError(f"must be finite; element {int(np.argmax(~np.isfinite(array.ravel())))} is not")
    array.setflags(write=False)
    return array


Array = Annotated[
    np.ndarray,
    BeforeValidator(_frozen_array),
    PlainSerializer(lambda a: a.tolist(), return_type=list),
    WithJsonSchema({"type": "array", "items": {"type": "number"}}),
]
"""A float64 array that is copied in, read-only, and compared and hashed by its bytes."""


def plain(value: Any) -> Any:
    """0-d arrays and labelled scalars (``s.rate``) count as the number that they hold, and arrays as lists of them."""
    ndim = getattr(value, "ndim", None)
    if ndim == 0 and hasattr(value, "item"):
        return value.item()
    return [plain(item) for item in value] if isinstance(ndim, int) and ndim > 0 else value


if TYPE_CHECKING:
    # Type checkers would derive a keyword-only constructor from BaseModel; ours takes declared positions too.
    class _Model:
        model_fields: ClassVar[dict[str, Any]]
        model_config: ClassVar[Any]

        def __init__(self, /, *args: Any, **fields: Any) -> None: ...
        def model_dump_json(self) -> str: ...
        @classmethod
        def model_validate_json(cls, text: str) -> Self: ...
        @classmethod
        def model_json_schema(cls) -> dict[str, Any]: ...
else:
    _Model = BaseModel


class Params(_Model):
    """A frozen, validated value. Subclasses declare fields with `field` and a ``kind`` tag.

    Raises:
        ParameterError: naming the field, what was got, what is allowed and a repair.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True, ser_json_inf_nan="constants"
    )
    positional: ClassVar[tuple[str, ...]] = ()

    def __init__(self, /, *args: Any, **fields: Any) -> None:
        name = type(self).__name__
        if len(args) > len(self.positional):
            takes = ", ".join(self.positional) or "none"
            raise ParameterError(f"{name} got {len(args)} positional arguments, takes {takes}; name the others")
        for key, value in zip(self.positional, args, strict=False):
            if key in fields:
                raise ParameterError(f"{name} got {key} twice, by position and by name; give it once")
            fields[key] = value
        try:
            super().__init__(**{k: v if getattr(v, "ndim", 0) else plain(v) for k, v in fields.items()})
        except ValidationError as error:
            raise ParameterError(_explain(type(self), error)) from None

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Let help() begin with the fields: name, unit, what it is, and its default."""
        lines = []
        for name, info in cls.model_fields.items():
            if name != "kind":
                unit = f" [{u}]" if (u := cls.unit(name)) else ""
                default = (
                    "" if info.is_required() else f" (default {'none' if info.default is None else repr(info.default)})"
                )
                lines.append(f"    {name}{unit}: {cls.doc(name)}{default}.")
        if lines:
            cls.__doc__ = f"{inspect.cleandoc(cls.__doc__ or '')}\n\nFields:\n" + "\n".join(lines)

    @classmethod
    def unit(cls, name: str) -> str:
        """The declared unit of a field; dimensionless fields give an empty string."""
        extra = cls.model_fields[name].json_schema_extra if name in cls.model_fields else None
        return str(extra.get("unit", "")) if isinstance(extra, dict) else ""

    @classmethod
    def doc(cls, name: str) -> str:
        """The declared one line of doc of a field."""
        return str(cls.model_fields[name].description or "")

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed, validated anew."""
        return type(self)(**({name: getattr(self, name) for name in type(self).model_fields} | changes))

    def spec(self) -> str:
        """The canonical JSON text of this value: equal values have equal text, on any machine."""
        return self.model_dump_json()

    def __setattr__(self, name: str, value: Any) -> None:
        raise ParameterError(f"{type(self).__name__} is frozen; make a new one with .replace({name}={value!r})")

    def _key(self) -> tuple[Any, ...]:
        return (type(self), *(_comparable(getattr(self, name)) for name in type(self).model_fields))

    def __getstate__(self) -> dict[Any, Any]:
        return {name: getattr(self, name) for name in type(self).model_fields}

    def __setstate__(self, state: dict[Any, Any]) -> None:
        """Copies and unpickled values are made anew, so that their arrays are read-only too."""
        self.__init__(**state)

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Params) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        fields = type(self).model_fields
        shown = [
            f"{n}={getattr(self, n)!r}" for n, f in fields.items() if n != "kind" and getattr(self, n) is not f.default
        ]
        return f"{type(self).__name__}({', '.join(shown)})"

    __str__ = __repr__


def _comparable(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, value.tobytes())
    return value


def _explain(cls: type[Params], error: ValidationError) -> str:
    """Turn pydantic's report into one sentence for each wrong field."""
    sentences = [_sentence(cls, details) for details in error.errors(include_url=False)]
    return f"{cls.__name__}: " + "; ".join(dict.fromkeys(sentences))


def _short(got: Any) -> str:
    text = repr(got)
    return text if len(text) < 80 else f"{text[:76]}..."


def _sentence(cls: type[Params], details: ErrorDetails) -> str:
    path = [str(part) for part in details["loc"] if part not in _TAGS]
    name, got, context = ".".join(path), details["input"], details.get("ctx", {})
    unit = f" {u}" if path and (u := cls.unit(path[0])) else ""
    kind = details["type"]
    if kind in _BOUNDS:
        sign, key = _BOUNDS[kind]
        flipped = isinstance(got, (int, float)) and got < 0 and float(context[key]) == 0
        repair = f"; did you mean {name} = {-got}?" if flipped else ""
        return f"{name} = {got}{unit} must be {sign} {context[key]:g}{unit}{repair}"
    if kind == "missing":
        return f"{name} is missing{f' [{unit.strip()}]' if unit else ''}; give {name}=..."
    if kind == "extra_forbidden":
        known = [n for n in cls.model_fields if n != "kind"]
        return f"unknown field {name}{did_you_mean(path[-1], known)}"
    if kind == "finite_number":
        return f"{name} = {got}{unit} must be finite"
    if kind in ("union_tag_invalid", "union_tag_not_found", "model_attributes_type", "model_type"):
        kinds = context.get("expected_tags") or context.get("class_name", "")
        of = f" of kind {kinds}" if kinds else ""
        return f"{name} = {_short(got)} must be a value{of} made by its class, not a {type(got).__name__}"
    if kind == "value_error":
        text = str(context["error"])
        return text if not path or path[0] in text else f"{name} {text}"
    return f"{name} = {got!r}{unit}: {details['msg'][0].lower()}{details['msg'][1:]}"
