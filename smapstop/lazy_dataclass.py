"""Dataclasses that are created fast: `__init__` is compiled when the first instance is made.

The standard decorator compiles six functions for each class: half of the time that importing the dashboard's modules
takes. Here it only collects the fields; all classes share the other methods. Type checkers see the standard one.
"""

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, slots=False, eq=True):
        """Make a class a dataclass, as the standard one does; `__post_init__` sets fields with `init=False`."""

        def decorate(cls: type) -> type:
            return _create_dataclass(cls, frozen=frozen, slots=slots, eq=eq)

        return decorate if cls is None else decorate(cls)


_Init = Callable[..., None]


def _create_dataclass(cls: type, *, frozen: bool, slots: bool, eq: bool) -> type:
    """Collect the fields of a class, and give it the methods that it does not define."""
    own = cls.__dict__
    has_own_hash = own.get("__hash__") is not None
    created: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
    methods: dict[str, Callable[..., Any]] = {"__init__": _lazy_init(created, frozen=frozen), "__repr__": _repr}
    if frozen:
        methods |= {"__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
    if eq:
        methods["__eq__"], values_of = _methods_of_values(created)
        if not has_own_hash:
            created.__hash__ = values_of if frozen else None
    for name, method in methods.items():
        if name not in own:
            setattr(created, name, method)
    return created  # type: ignore[no-any-return]


def _lazy_init(cls: Any, *, frozen: bool) -> _Init:
    """An `__init__` that is replaced by the compiled one when it is first called."""

    def __init__(self: object, /, *args: object, **values: object) -> None:  # noqa: N807
        init = _compile_init(cls, frozen=frozen)
        if cls.__init__ is __init__:
            cls.__init__ = init
        init(self, *args, **values)

    return __init__


def _compile_init(cls: Any, *, frozen: bool) -> _Init:
    """Compile `__init__`: a parameter for each field, and an assignment."""
    fields = [field for field in dataclasses.fields(cls) if field.init]
    names: dict[str, Any] = {"_set": object.__setattr__, "_MISSING": dataclasses.MISSING}
    positional, body = ["self"], []
    named: list[str] = []
    for field in fields:
        parameter = value = name = field.name
        if field.default is not dataclasses.MISSING:
            names[f"_default_{name}"] = field.default
            parameter = f"{name}=_default_{name}"
        elif field.default_factory is not dataclasses.MISSING:
            names[f"_make_{name}"] = field.default_factory
            parameter, value = f"{name}=_MISSING", f"_make_{name}() if {name} is _MISSING else {name}"
        (named if field.kw_only else positional).append(parameter)
        body.append(f"_set(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    parameters = ", ".join([*positional, *(["*", *named] if named else [])])
    exec(f"def __init__({parameters}):\n " + "\n ".join(body or ["pass"]), names)
    init: _Init = names["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _methods_of_values(cls: Any) -> tuple[Callable[[Any, object], bool], Callable[[Any], int]]:
    """`__eq__` and `__hash__`, which compare and hash the fields as a tuple."""
    names = [field.name for field in dataclasses.fields(cls) if field.compare]
    if len(names) > 1:
        values_of: Callable[[Any], tuple[Any, ...]] = attrgetter(*names)
    else:

        def values_of(instance: Any) -> tuple[Any, ...]:
            return tuple(getattr(instance, name) for name in names)

    def equal(self: Any, other: object) -> bool:
        return values_of(self) == values_of(other) if other.__class__ is self.__class__ else NotImplemented

    return equal, lambda self: hash(values_of(self))


@recursive_repr()
def _repr(self: Any) -> str:
    """Show the class, and the fields with their values."""
    shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _refuse_to_set(_: Any, name: str, __: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
