"""Lazy dataclasses behave as the standard ones do."""

import dataclasses
from collections.abc import Callable
from dataclasses import KW_ONLY, FrozenInstanceError, field
from typing import Any, ClassVar

import pytest

from smapstop import lazy_dataclass

Decorator = Callable[..., Any]
DECORATORS = [
    pytest.param(dataclasses.dataclass, id="standard"),
    pytest.param(lazy_dataclass.dataclass, id="lazy"),
]


def point(decorator: Decorator, **options: bool) -> Any:
    class Point:
        """A point."""

        x: int
        y: list[int] = field(default_factory=list)
        _: KW_ONLY
        label: str = field(default="here", repr=False, compare=False)
        shared: ClassVar[int] = 3

    return decorator(**options)(Point)


@pytest.mark.parametrize("decorator", DECORATORS)
class TestDataclass:
    def test_arguments_and_defaults(self, decorator: Decorator) -> None:
        kind = point(decorator)
        one, two = kind(1), kind(2, [3], label="there")
        assert (one.x, one.y, one.label, two.x, two.y, two.label) == (1, [], "here", 2, [3], "there")
        one.y.append(5)
        assert kind(1).y == []

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ((), r"point.<locals>.Point.__init__\(\) missing 1 required positional argument: 'x'"),
            ((1, [], "label"), r"point.<locals>.Point.__init__\(\) takes from 2 to 3 positional arguments but 4"),
        ],
    )
    def test_wrong_arguments(self, decorator: Decorator, arguments: tuple[Any, ...], message: str) -> None:
        kind = point(decorator)
        for _ in range(2):  # before and after it was compiled
            with pytest.raises(TypeError, match=message):
                kind(*arguments)

    def test_text(self, decorator: Decorator) -> None:
        kind = point(decorator)
        assert repr(kind(1, [2])) == "point.<locals>.Point(x=1, y=[2])"
        circle = kind(1)
        circle.y.append(circle)
        assert repr(circle) == "point.<locals>.Point(x=1, y=[...])"

    @pytest.mark.parametrize("slots", [False, True])
    def test_equality_and_hash(self, decorator: Decorator, *, slots: bool) -> None:
        frozen, other = point(decorator, frozen=True, slots=slots), point(decorator, frozen=True, slots=slots)
        assert frozen(1, (2,), label="a") == frozen(1, (2,), label="b")
        assert frozen(1, (2,)) != frozen(1, (3,))
        assert frozen(1, (2,)) != other(1, (2,))
        assert hash(frozen(1, (2,), label="a")) == hash(frozen(1, (2,), label="b"))

    def test_what_changes_has_no_hash(self, decorator: Decorator) -> None:
        with pytest.raises(TypeError, match="unhashable"):
            hash(point(decorator)(1))

    def test_identity(self, decorator: Decorator) -> None:
        kind = point(decorator, eq=False)
        one = kind(1)
        assert one != kind(1)
        assert one in {one: None}

    @pytest.mark.parametrize("slots", [False, True])
    def test_frozen(self, decorator: Decorator, *, slots: bool) -> None:
        frozen = point(decorator, frozen=True, slots=slots)(1)
        with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
            frozen.x = 2
        with pytest.raises(FrozenInstanceError, match="cannot delete field 'x'"):
            del frozen.x
        assert hasattr(frozen, "__dict__") is not slots

    def test_the_module_functions(self, decorator: Decorator) -> None:
        kind = point(decorator, frozen=True, slots=True)
        one: Any = kind(1, [2])
        assert [each.name for each in dataclasses.fields(kind)] == ["x", "y", "label"]
        assert dataclasses.replace(one, label="c").label == "c"
        assert dataclasses.asdict(one) == {"x": 1, "y": [2], "label": "here"}

    def test_patterns(self, decorator: Decorator) -> None:
        kind = point(decorator, frozen=True, slots=True)
        match kind(1, [2]):
            case kind(x, y):
                assert (x, y) == (1, [2])
            case _:
                pytest.fail("does not match")

    def test_derived_classes(self, decorator: Decorator) -> None:
        base: Any = decorator(frozen=True, slots=True)(type("Base", (), {"__annotations__": {"x": int}, "x": 1}))
        body = {"__annotations__": {"y": int}, "y": 2}
        derived: Any = decorator(frozen=True, slots=True)(type("Derived", (base,), body))
        plain: Any = type("Plain", (derived,), {"__init__": lambda self: derived.__init__(self, 5, 6)})
        assert (derived(3).x, derived(3).y, base(4).x, plain().y) == (3, 2, 4, 6)
        assert derived(1) != base(1)

    def test_own_methods_stay(self, decorator: Decorator) -> None:
        own = decorator(frozen=True)(WithMethods)(4)
        assert (own.double, own == 5, hash(own), repr(own)) == (8, True, 7, "own")

    def test_one_field_compares_as_a_tuple(self, decorator: Decorator) -> None:
        kind: Any = decorator(frozen=True, slots=True)(type("One", (), {"__annotations__": {"x": float}}))
        nan = float("nan")
        assert kind(nan) == kind(nan)
        assert kind(nan) != kind(float("nan"))
        assert hash(kind(3)) == hash(kind(3))


class WithMethods:
    """A class that defines what the decorator would."""

    x: int
    double: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "double", 2 * self.x)

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 7

    def __repr__(self) -> str:
        return "own"
