# The template's. Tests of engines of yours stand beside this folder.
"""Pieces go to Ray few ahead and come back in order; what it cannot do is one line."""

import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from .package import engine_ray, errors

CORES = 3


class Lost(Exception):
    """Ray says that a piece was lost."""


class Failed(Exception):
    """Ray says that a piece failed."""

    def __init__(self, cause: Exception) -> None:
        super().__init__("failed")
        self.cause = cause


class Ref:
    """What Ray will return."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def hex(self) -> str:
        """Return its name."""
        return str(id(self))


class Ray:
    """Does at once what it is asked."""

    exceptions = SimpleNamespace(RayTaskError=Failed, RayError=Lost)

    def __init__(self) -> None:
        self.waiting = 0
        self.most = 0
        self.cancelled = 0
        self.options: dict[str, Any] = {}

    def is_initialized(self) -> bool:
        """Say whether there is a cluster."""
        return True

    def cluster_resources(self) -> dict[str, float]:
        """Return what the nodes have."""
        return {"CPU": float(CORES)}

    def put(self, value: Any) -> Ref:
        """Keep a value."""
        return Ref(value)

    def remote(self, **options: Any) -> Callable[[Any], Any]:
        """Return what makes a function one of the cluster."""
        self.options = options

        def begin(function: Callable[..., Any]) -> Callable[..., Ref]:
            def begun(*given: Any) -> Ref:
                self.waiting += 1
                self.most = max(self.most, self.waiting)
                try:
                    return Ref(function(*given))
                except Lost as error:
                    return Ref(error)
                except Exception as error:
                    return Ref(Failed(error))

            return begun

        return lambda function: SimpleNamespace(remote=begin(function))

    def get(self, ref: Ref) -> Any:
        """Return what came of it."""
        if ref.value is not None and not callable(ref.value):
            self.waiting -= 1
        if isinstance(ref.value, Exception):
            raise ref.value
        return ref.value

    def cancel(self, ref: Ref, force: bool) -> None:
        """Take a piece back."""
        self.cancelled += 1


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ray]:
    """Put such a Ray in the place of the package."""
    made = Ray()
    monkeypatch.setitem(sys.modules, "ray", made)
    yield made
    engine_ray.held.clear()


def double(number: int) -> int:
    """Return twice the number; nothing for 5."""
    if number == 5:
        raise errors.Refused("5 is refused", "leave it out")
    if number == 6:
        raise Lost("the node is gone\nand more")
    return number * 2


def test_pieces_come_back_in_order_and_few_wait(ray: Ray) -> None:
    found = list(engine_ray.spread(str, range(1, 41)))

    assert found == [str(number) for number in range(1, 41)]
    assert ray.most == CORES * engine_ray.AHEAD, "memory does not grow with the file"
    assert ray.options["max_retries"] == engine_ray.AGAIN


def test_a_piece_that_is_refused_is_refused_as_here(ray: Ray) -> None:
    found = engine_ray.spread(double, range(1, 41))

    with pytest.raises(errors.Refused, match="5 is refused") as told:
        list(found)
    assert told.value.hint == "leave it out"
    assert ray.cancelled == CORES * engine_ray.AHEAD - 1, "nobody works for nothing"


def test_a_piece_that_is_lost_again_and_again_is_one_line(ray: Ray) -> None:
    with pytest.raises(errors.OutsideFailed, match=r"Ray lost a piece 6 times: the node is gone$"):
        list(engine_ray.spread(double, [6]))


def test_without_ray_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)

    with pytest.raises(errors.WrongInput, match="Ray is not installed here") as told:
        list(engine_ray.spread(str, [1]))
    assert "uv run just ray predict --engine ray" in told.value.hint


@pytest.mark.parametrize(
    ("address", "found"),
    [("127.0.0.1:1", "refused"), ("ray://host:6379", "nobody answers$")],
)
def test_a_cluster_that_is_not_there_is_one_line(
    ray: Ray, monkeypatch: pytest.MonkeyPatch, address: str, found: str
) -> None:
    def refuse(**_: Any) -> None:
        raise ConnectionError("nobody answers\nand more")

    monkeypatch.setenv(engine_ray.ADDRESS, address)
    monkeypatch.setattr(Ray, "is_initialized", lambda _: False)
    monkeypatch.setattr(Ray, "init", staticmethod(refuse), raising=False)

    with pytest.raises(errors.OutsideFailed, match=f"no Ray cluster at {address}: .*{found}"):
        list(engine_ray.spread(str, [1]))
