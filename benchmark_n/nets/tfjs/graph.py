"""A graph model made ready: what its outputs need, in order, and what is constant computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.nets.tfjs.model_file import GraphModel, Node
from benchmark_n.nets.tfjs.operators import KERNELS, OPERATORS

_SOURCES = ("Const", "Placeholder")


class Graph:
    """Runs the part of a graph model that its outputs depend on.

    Parameters
    ----------
    model
        What `benchmark_n.nets.tfjs.model_file.read_graph_model` read.
    outputs
        Names of the nodes whose values are wanted.
    device
        Of torch.

    Raises
    ------
    InputError
        No node of that name, a node that goes in a circle, or an operator that is not known here.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmark_n.nets.tfjs.model_file import Node
    >>> nodes = {
    ...     "x": Node("Placeholder", (), {}),
    ...     "two": Node("Const", (), {}),
    ...     "y": Node("Mul", ("x", "two"), {}),
    ... }
    >>> graph = Graph(GraphModel("double", nodes, {"two": np.float32(2)}), ["y"])
    >>> graph({"x": torch.tensor([1.0, 3.0])})
    [tensor([2., 6.])]
    """

    def __init__(self, model: GraphModel, outputs: Sequence[str], device: str = "cpu") -> None:
        self._outputs = list(outputs)
        self._constants: dict[str, Any] = {}
        self._steps: list[tuple[str, Node]] = []
        self._device = device
        with torch.inference_mode():
            for name in _order(model, outputs):
                self._add(name, model)
        self._spent = _last_uses([node for _, node in self._steps], outputs)

    def __call__(self, feeds: Mapping[str, Tensor]) -> list[Tensor]:
        """Values of the outputs, in their order.

        Parameters
        ----------
        feeds
            Value of each placeholder by its name.
        """
        values: dict[str, Any] = dict(feeds)
        with torch.inference_mode():
            for (name, node), spent in zip(self._steps, self._spent, strict=True):
                values[name] = self._compute(node, values)
                for one in spent:
                    values.pop(one, None)
            return [self._value(name, values) for name in self._outputs]

    def _add(self, name: str, model: GraphModel) -> None:
        """One more node: a constant, or a step of each run."""
        node = model.nodes[name]
        if node.operator == "Const":
            if name not in model.weights:
                raise InputError(f"{model.name}: constant '{name}' has no weights in the manifest")
            self._constants[name] = torch.tensor(
                np.asarray(model.weights[name]), device=self._device
            )
        elif node.operator != "Placeholder":
            node = self._with_kernel(name, node)
            if all(_node(one) in self._constants for one in node.inputs):
                self._constants[name] = self._compute(node, {})
            else:
                self._steps.append((name, node))

    def _with_kernel(self, name: str, node: Node) -> Node:
        """The node with its kernel as torch wants it."""
        lay_out = KERNELS.get(node.operator)
        if lay_out is None:
            return node
        source, *_ = node.inputs[1:]
        if _node(source) not in self._constants:
            raise InputError(f"node '{name}': its kernel '{source}' is computed, expected constant")
        self._constants[f"{name}/kernel"] = lay_out(self._value(source, {}))
        inputs = (node.inputs[0], f"{name}/kernel", *node.inputs[2:])
        return Node(node.operator, inputs, node.attributes)

    def _compute(self, node: Node, values: Mapping[str, Any]) -> Any:
        inputs = [self._value(name, values) for name in node.inputs]
        return OPERATORS[node.operator](inputs, node.attributes)

    def _value(self, reference: str, values: Mapping[str, Any]) -> Any:
        name, place = _node(reference), reference.rpartition(":")[2]
        found = values[name] if name in values else self._constants[name]
        if isinstance(found, list):
            return found[int(place) if place.isdigit() and ":" in reference else 0]
        return found


def _node(reference: str) -> str:
    """The node of ``name`` or ``name:1``."""
    name, colon, place = reference.rpartition(":")
    return name if colon and place.isdigit() else reference


def _last_uses(steps: Sequence[Node], outputs: Sequence[str]) -> list[list[str]]:
    """For each step the nodes whose values nothing takes after it."""
    later = {_node(name) for name in outputs}
    spent = []
    for step in reversed(steps):
        inputs = {_node(name) for name in step.inputs}
        spent.append(sorted(inputs - later))
        later |= inputs
    return spent[::-1]


def _order(model: GraphModel, outputs: Sequence[str]) -> list[str]:
    """The nodes that the outputs depend on, each after those that it takes values of."""
    links: dict[str, list[str]] = {}
    waiting = [_node(name) for name in outputs]
    while waiting:
        name = waiting.pop()
        if name in links:
            continue
        if name not in model.nodes:
            hint = did_you_mean(name, model.nodes)
            raise InputError(f"{model.name}: no node '{name}': {hint}")
        node = model.nodes[name]
        if node.operator not in (*_SOURCES, *OPERATORS):
            raise InputError(
                f"{model.name}: node '{name}' is of operator {node.operator}, which is not known: "
                f"expected one of {', '.join(OPERATORS)}"
            )
        links[name] = [_node(one) for one in node.inputs]
        waiting += links[name]
    try:
        return list(TopologicalSorter(links).static_order())
    except CycleError as error:
        raise InputError(f"{model.name}: nodes in a circle: {', '.join(error.args[1])}") from None
