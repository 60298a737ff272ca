"""What is the same in every turn of a loop is computed before it: spox puts each value where it is needed first."""

from collections.abc import Iterator

from onnx import GraphProto, NodeProto


def moved_out(graph: GraphProto) -> None:
    """Move what does not change out of all loops of a graph, which is changed; the inner ones first."""
    nodes = []
    for node in graph.node:
        for body in _bodies(node):
            moved_out(body)
            if node.op_type == "Loop":
                nodes += _taken_out(body, {value.name for value in body.input})
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)


def _bodies(node: NodeProto) -> Iterator[GraphProto]:
    return (attribute.g for attribute in node.attribute if attribute.HasField("g"))


def _taken_out(body: GraphProto, changing: set[str]) -> list[NodeProto]:
    """Take the nodes out of a body that need nothing that changes; `changing` grows by what the others give."""
    taken, left = [], []
    results = {value.name for value in body.output}
    for node in body.node:
        if not (_needed(node) & changing) and not (results & set(node.output)):
            taken.append(node)
            continue
        changing |= set(node.output)
        if node.op_type == "If":
            for branch in _bodies(node):
                taken += _taken_out(branch, changing)
        left.append(node)
    del body.node[:]
    body.node.extend(left)
    return taken


def _needed(node: NodeProto) -> set[str]:
    """The names of all values that a node takes, in its bodies too."""
    needed = set(node.input)
    for body in _bodies(node):
        made = {value.name for value in body.input}.union(*(inner.output for inner in body.node))
        needed |= {value.name for value in body.output}.union(*map(_needed, body.node)) - made
    return needed
