"""What a class or function takes, read from its source: importing it may take half a minute, and torch with it."""

import ast
import builtins
import functools
import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LIGHT = ("collections.abc", "msgspec", "recorte.kinds", "typing")
"""Modules whose names are looked up in annotations; an argument that needs another is of no known kind."""
IMPORTS = (ast.Import, ast.ImportFrom)
PLAIN = (*IMPORTS, ast.ClassDef, ast.FunctionDef, ast.Assign, ast.AnnAssign, ast.Expr)
"""Statements of which it can be read which names they make."""


@dataclass(frozen=True)
class Arguments:
    """What can be given by name.

    Attributes:
        kinds: the annotation of each; None where it is not known.
        open: whether others are taken too.
    """

    kinds: dict[str, Any]
    open: bool


@functools.cache
def arguments_of(target: str) -> Arguments | None:
    """Read what the class or function of a dotted name takes; None where its source is not found."""
    module, _, name = target.rpartition(".")
    definition, names = _definition(module, name)
    if isinstance(definition, ast.ClassDef):
        bases = [ast.unparse(base) for base in definition.bases]
        definition = next((node for node in definition.body if getattr(node, "name", None) == "__init__"), None)
        if definition is None:  # its first base's, as far as that can be followed
            return arguments_of(f"{module}.{bases[0]}") if bases and bases[0].isidentifier() else None
    if not isinstance(definition, ast.FunctionDef):
        return None
    said = definition.args
    given = [*said.posonlyargs, *said.args, *said.kwonlyargs]
    defaults = [*[None] * (len(said.posonlyargs + said.args) - len(said.defaults)), *said.defaults, *said.kw_defaults]
    kinds = {one.arg: _kind(one.annotation, default, names) for one, default in zip(given, defaults, strict=True)}
    kinds.pop("self", None)
    return Arguments(kinds, said.kwarg is not None)


def definition_problem(target: str) -> str | None:
    """Say why a file of Python cannot give what a dotted name names; None if it can, or if only importing it tells."""
    module, _, name = target.rpartition(".")
    path = _file(module)
    if path is None or "." in module:  # packages make names in ways of their own
        return None
    try:
        body = ast.parse(path.read_bytes()).body
    except SyntaxError as error:
        return f"{path}, line {error.lineno}: {error.msg}"
    except (ValueError, OSError) as error:
        return f"{path}: {error}"
    if not all(isinstance(node, PLAIN) for node in body):
        return None
    names = [node.name for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    bound = {*names, *(node.id for node in ast.walk(ast.Module(body, [])) if isinstance(node, ast.Name))}
    bound |= {alias.asname or alias.name for node in body if isinstance(node, IMPORTS) for alias in node.names}
    if bound & {name, "*", "__getattr__"}:
        return None
    return f"{path} has no {name}; it has {', '.join(names) or 'no class'}"


def _definition(module: str, name: str) -> tuple[ast.stmt | None, dict[str, Any]]:
    """Find the statement that defines a name, through the modules that only pass it on, and the light names there."""
    path = _file(module)
    if path is None:
        return None, {}
    names: dict[str, Any] = {}
    try:
        body = ast.parse(path.read_bytes()).body
    except (SyntaxError, ValueError, OSError):  # told when it is imported
        return None, {}
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return node, names
        if isinstance(node, ast.ImportFrom):
            package = module if path.name == "__init__.py" else module.rpartition(".")[0]
            origin = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            for alias in node.names:
                if (alias.asname or alias.name) == name and origin != module:
                    return _definition(origin, alias.name)
                if origin in LIGHT:
                    names[alias.asname or alias.name] = getattr(importlib.import_module(origin), alias.name, None)
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Subscript)
        ):
            names[node.targets[0].id] = _kind(node.value, node.value, names)
    return None, names


def _file(module: str) -> Path | None:
    """Find a module's source without importing what it lies in, as `find_spec` would of a dotted name."""
    top, *below = module.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except ValueError:  # no name, or a module that came from nowhere
        return None
    if spec is None or not below:
        files = [Path(spec.origin or "")] if spec else []
    else:
        places = [Path(place).joinpath(*below) for place in spec.submodule_search_locations or ()]
        files = [file for place in places for file in (place / "__init__.py", place.with_name(f"{place.name}.py"))]
    return next((file for file in files if file.suffix == ".py" and file.is_file()), None)


def _kind(annotation: ast.expr | None, default: ast.expr | None, names: dict[str, Any]) -> Any:
    if annotation is None:
        return None
    try:
        kind = eval(ast.unparse(annotation), vars(builtins) | names)
        return kind | None if isinstance(default, ast.Constant) and default.value is None else kind
    except (AttributeError, NameError, TypeError):
        return None
