"""Layers contracts of import-linter, as pyproject.toml lists them."""

import re
import tomllib
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from benchmarks.structure.sources import ROOT

# import-linter joins siblings of one layer by these, and puts brackets around optional ones.
_SEPARATORS = re.compile(r"[|:()\s]+")


@dataclass(frozen=True)
class LayersContract:
    """A contract whose layers import downwards only; the highest layer comes first."""

    name: str
    package: str
    layers: tuple[tuple[str, ...], ...]

    @property
    def names(self) -> list[str]:
        """The modules in all layers, the highest first."""
        return [module for layer in self.layers for module in layer]


def read_contracts(root: Path = ROOT) -> list[LayersContract]:
    """Read the layers contracts; one with several containers counts once for each."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return [
        _contract(entry["name"], entry["layers"], container)
        for entry in settings["tool"]["importlinter"]["contracts"]
        if entry["type"] == "layers"
        for container in entry.get("containers", [""])
    ]


def contract_of(package: str, contracts: list[LayersContract]) -> LayersContract | None:
    """Return the contract between the rooms of a package, or None without one."""
    return next((contract for contract in contracts if contract.package == package), None)


def _contract(name: str, lines: list[str], container: str) -> LayersContract:
    prefix = f"{container}." if container else ""
    layers = tuple(
        tuple(prefix + module for module in _SEPARATORS.split(line) if module) for line in lines
    )
    return LayersContract(name, _package_of(layers), layers)


def _package_of(layers: tuple[tuple[str, ...], ...]) -> str:
    """Return the innermost package that contains all modules of the layers."""
    packages = [module.split(".")[:-1] for layer in layers for module in layer]
    common = takewhile(lambda parts: len(set(parts)) == 1, zip(*packages, strict=False))
    return ".".join(parts[0] for parts in common)
