"""Each operator of the graphs on a tiny graph, against plain loops and closed forms in NumPy."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from benchmark_n.errors import InputError
from benchmark_n.nets.tfjs.model_file import GraphModel, Node

torch = pytest.importorskip("torch")
from benchmark_n.nets.tfjs.graph import Graph  # noqa: E402
from benchmark_n.nets.tfjs.operators import OPERATORS  # noqa: E402

RNG = np.random.default_rng(3)
# An even side: at stride 2 its border has an odd pixel, which stands behind.
PICTURE = RNG.normal(size=(1, 6, 7, 4)).astype(np.float32)
KERNEL = RNG.normal(size=(3, 3, 4, 2)).astype(np.float32)
BIAS = RNG.normal(size=2).astype(np.float32)
PROVEN: set[str] = set()


def run(operator: str, value: Any, *constants: Any, **attributes: Any) -> Any:
    """One node on a placeholder and constants."""
    PROVEN.add(operator)
    names = [f"c{number}" for number in range(len(constants))]
    nodes = {name: Node("Const", (), {}) for name in names}
    nodes |= {"x": Node("Placeholder", (), {}), "y": Node(operator, ("x", *names), attributes)}
    weights = {name: np.asarray(one) for name, one in zip(names, constants, strict=True)}
    graph = Graph(GraphModel("tiny", nodes, weights), ["y"])
    return graph({"x": torch.from_numpy(np.asarray(value))})[0].numpy()


def border(size: int, window: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """TensorFlow's SAME: what stands before and behind an axis."""
    out = -(-size // stride)
    more = max((out - 1) * stride + (window - 1) * dilation + 1 - size, 0)
    return more // 2, more - more // 2


def windows(
    value: Any, size: int, stride: int, pads: Any, fill: float = 0, dilation: int = 1
) -> Any:
    """(row, column, window (size, size, channels)) of one picture, by plain slicing."""
    padded = np.pad(value[0], (*pads, (0, 0)), constant_values=fill)
    reach = (size - 1) * dilation + 1
    rows = range(0, padded.shape[0] - reach + 1, stride)
    columns = range(0, padded.shape[1] - reach + 1, stride)
    for (i, top), (j, left) in itertools.product(enumerate(rows), enumerate(columns)):
        yield i, j, padded[top : top + reach : dilation, left : left + reach : dilation]


def stacked(parts: Any) -> Any:
    """The pictures' values out of (row, column, value)."""
    told = {(i, j): value for i, j, value in parts}
    height, width = (max(key[axis] for key in told) + 1 for axis in (0, 1))
    return np.array([[[told[i, j] for j in range(width)] for i in range(height)]])


@pytest.mark.parametrize(
    ("stride", "dilation", "kind"),
    [(1, 1, "SAME"), (2, 1, "SAME"), (1, 2, "SAME"), (2, 1, "VALID"), (1, 1, "EXPLICIT")],
)
@pytest.mark.parametrize("operator", ["Conv2D", "_FusedConv2D"])
def test_convolutions(operator: str, stride: int, dilation: int, kind: str) -> None:
    pads = {
        "SAME": [border(size, 3, stride, dilation) for size in (6, 7)],
        "VALID": [(0, 0), (0, 0)],
        "EXPLICIT": [(1, 0), (2, 1)],
    }[kind]
    fused = operator == "_FusedConv2D"
    found = run(
        operator,
        PICTURE,
        KERNEL,
        *([BIAS] if fused else []),
        strides=[1, stride, stride, 1],
        dilations=[1, dilation, dilation, 1],
        padding=kind,
        explicit_paddings=[0, 0, 1, 0, 2, 1, 0, 0],
        fused_ops=["BiasAdd", "Relu6"] if fused else [],
    )
    parts = (
        (i, j, np.einsum("hwc,hwco->o", part, KERNEL))
        for i, j, part in windows(PICTURE, 3, stride, pads, dilation=dilation)
    )
    expected = stacked(parts)
    if fused:
        expected = np.clip(expected + BIAS, 0, 6)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("operator", ["DepthwiseConv2dNative", "FusedDepthwiseConv2dNative"])
def test_depthwise_convolutions(operator: str) -> None:
    """Output channel c * multiplier + m is of input channel c."""
    fused = operator.startswith("Fused")
    bias = np.arange(8, dtype=np.float32)
    found = run(
        operator,
        PICTURE,
        KERNEL,
        *([bias] if fused else []),
        strides=[1, 2, 2, 1],
        padding="SAME",
        fused_ops=["BiasAdd", "Relu"] if fused else [],
    )
    pads = [border(size, 3, 2) for size in (6, 7)]
    parts = (
        (i, j, np.einsum("hwc,hwcm->cm", part, KERNEL).ravel())
        for i, j, part in windows(PICTURE, 3, 2, pads)
    )
    expected = stacked(parts)
    if fused:
        expected = np.maximum(expected + bias, 0)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_channels_may_come_first() -> None:
    first = run("Conv2D", PICTURE.transpose(0, 3, 1, 2), KERNEL, data_format="NCHW")
    last = run("Conv2D", PICTURE, KERNEL, data_format="NHWC")
    np.testing.assert_allclose(first.transpose(0, 2, 3, 1), last, atol=1e-6)


@pytest.mark.parametrize("kind", ["SAME", "VALID"])
def test_max_pool(kind: str) -> None:
    pads = [border(size, 3, 2) if kind == "SAME" else (0, 0) for size in (6, 7)]
    low = PICTURE - 10  # so that a border of zeros would be the largest
    found = run("MaxPool", low, ksize=[1, 3, 3, 1], strides=[1, 2, 2, 1], padding=kind)
    parts = windows(low, 3, 2, pads, fill=-np.inf)
    expected = stacked((i, j, part.max((0, 1))) for i, j, part in parts)
    np.testing.assert_array_equal(found, expected)


def sampled(value: Any, place: Any, axis: int) -> Any:
    """An axis at these places, linear between pixels, clamped at the ends."""
    place = np.clip(place, 0, value.shape[axis] - 1)
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, value.shape[axis] - 1)
    share = (place - low).reshape([-1 if i == axis else 1 for i in range(value.ndim)])
    return np.take(value, low, axis) * (1 - share) + np.take(value, high, axis) * share


@pytest.mark.parametrize("size", [(10, 7), (3, 13), (6, 7)])
@pytest.mark.parametrize("reading", ["align_corners", "half_pixel_centers", "origin"])
def test_resize_bilinear(size: tuple[int, int], reading: str) -> None:
    expected = PICTURE.astype(float)
    for axis, new in zip((1, 2), size, strict=True):
        old, index = PICTURE.shape[axis], np.arange(new)
        place = {
            "align_corners": index * (old - 1) / (new - 1),
            "half_pixel_centers": (index + 0.5) * old / new - 0.5,
            "origin": index * old / new,
        }[reading]
        expected = sampled(expected, place, axis)
    found = run("ResizeBilinear", PICTURE, np.array(size), **{reading: True})
    np.testing.assert_allclose(found, expected, atol=1e-5)


VALUES = np.array([-8.0, -0.5, 0.0, 2.0, 9.0], np.float32)
CLOSED: dict[str, Any] = {
    "Elu": np.where(VALUES > 0, VALUES, np.expm1(VALUES)),
    "Identity": VALUES,
    "LeakyRelu": np.where(VALUES > 0, VALUES, 0.1 * VALUES),
    "Relu": np.maximum(VALUES, 0),
    "Relu6": np.clip(VALUES, 0, 6),
    "Sigmoid": 1 / (1 + np.exp(-VALUES)),
}


@pytest.mark.parametrize("operator", CLOSED)
def test_functions_of_one_number(operator: str) -> None:
    np.testing.assert_allclose(run(operator, VALUES, alpha=0.1), CLOSED[operator], atol=1e-6)


def test_leaky_relu_without_a_slope_has_tensorflows() -> None:
    np.testing.assert_allclose(run("LeakyRelu", VALUES)[0], -1.6)


@pytest.mark.parametrize("operator", ["Add", "AddV2", "BiasAdd"])
def test_sums_are_spread_over_the_axes(operator: str) -> None:
    other = RNG.normal(size=4).astype(np.float32)
    np.testing.assert_allclose(run(operator, PICTURE, other), PICTURE + other, atol=1e-6)


def test_products() -> None:
    other = RNG.normal(size=(1, 1, 1, 4)).astype(np.float32)
    np.testing.assert_allclose(run("Mul", PICTURE, other), PICTURE * other, atol=1e-6)


@pytest.mark.parametrize("keep", [True, False])
def test_mean(keep: bool) -> None:
    found = run("Mean", PICTURE, np.array([1, 2]), keep_dims=keep)
    np.testing.assert_allclose(found, PICTURE.mean((1, 2), keepdims=keep), atol=1e-6)


def test_axes() -> None:
    order = np.array([0, 3, 1, 2])
    np.testing.assert_array_equal(run("Transpose", PICTURE, order), PICTURE.transpose(0, 3, 1, 2))
    shape = np.array([-1, 4])
    np.testing.assert_array_equal(run("Reshape", PICTURE, shape), PICTURE.reshape(42, 4))
    assert run("ExpandDims", PICTURE, np.array(1)).shape == (1, 1, 6, 7, 4)


def test_parts() -> None:
    other = PICTURE + 1
    both = np.concatenate([PICTURE, other], 2)
    np.testing.assert_array_equal(run("ConcatV2", PICTURE, other, np.array(2)), both)
    PROVEN.add("SplitV")
    nodes = {
        "x": Node("Placeholder", (), {}),
        **{name: Node("Const", (), {}) for name in ("sizes", "axis")},
        "parts": Node("SplitV", ("x", "sizes", "axis"), {}),
        "second": Node("Identity", ("parts:1",), {}),
    }
    weights = {"sizes": np.array([1, 3]), "axis": np.array(3)}
    graph = Graph(GraphModel("split", nodes, weights), ["parts", "parts:1", "second"])
    first, *rest = graph({"x": torch.from_numpy(PICTURE)})
    np.testing.assert_array_equal(first, PICTURE[..., :1])
    for one in rest:
        np.testing.assert_array_equal(one, PICTURE[..., 1:])


def test_borders() -> None:
    told = np.array([[0, 0], [1, 2], [0, 3], [0, 0]])
    np.testing.assert_array_equal(run("Pad", PICTURE, told), np.pad(PICTURE, told.tolist()))
    found = run("PadV2", PICTURE, told, np.float32(-5))
    np.testing.assert_array_equal(found, np.pad(PICTURE, told.tolist(), constant_values=-5))


def test_sparse_to_dense() -> None:
    shape, values, default = np.array([2, 3]), np.array([4, 5]), np.array(-1)
    found = run("SparseToDense", np.array([[0, 1], [1, 2]]), shape, values, default)
    assert found.tolist() == [[-1, 4, -1], [-1, -1, 5]]
    none = np.zeros(0, np.int64)
    empty = run("SparseToDense", np.zeros((0, 1), np.int64), np.array([3]), none, np.array(7))
    assert empty.tolist() == [7, 7, 7]


def test_cast() -> None:
    assert run("Cast", np.array([1, 2]), DstT="DT_FLOAT").dtype == np.float32
    assert run("Cast", np.array([1.9, -1.9]), DstT="DT_INT32").tolist() == [1, -1]


def test_every_operator_has_a_closed_form() -> None:
    """Fails where one is added without a test of it; meaningless where single tests are run."""
    if len(PROVEN) < len(OPERATORS) // 2:
        pytest.skip("the tests of the operators were not run")
    assert set(OPERATORS) == PROVEN


def model(**nodes: Node) -> GraphModel:
    return GraphModel("m", nodes, {"c": np.ones(())})


@pytest.mark.parametrize(
    ("nodes", "line"),
    [
        ({"x": Node("Placeholder", (), {})}, "m: no node 'y'"),
        ({"y": Node("Einsum", (), {})}, "node 'y' is of operator Einsum, which is not known"),
        ({"y": Node("Add", ("y", "y"), {})}, "m: nodes in a circle: y"),
        ({"y": Node("Const", (), {})}, "constant 'y' has no weights"),
        (
            {"x": Node("Placeholder", (), {}), "y": Node("Conv2D", ("x", "x"), {})},
            "node 'y': its kernel 'x' is computed, expected constant",
        ),
    ],
)
def test_graphs_that_cannot_run_are_refused(nodes: dict[str, Node], line: str) -> None:
    with pytest.raises(InputError, match=line):
        Graph(model(**nodes), ["y"])


def test_nodes_that_no_output_needs_are_left_alone() -> None:
    nodes = {
        "x": Node("Placeholder", (), {}),
        "c": Node("Const", (), {}),
        "y": Node("Add", ("x", "c"), {}),
        "odd": Node("NonMaxSuppressionV5", ("y",), {}),
    }
    assert Graph(model(**nodes), ["y:0"])({"x": torch.tensor(2.0)}) == [torch.tensor(3.0)]
