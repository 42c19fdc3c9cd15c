"""How exactly an export keeps its weights, and how near its vectors must stay."""

from typing import Literal

Precision = Literal["float32", "float16", "int8"]

LOWEST_COSINE: dict[Precision, float] = {"float32": 0.9999, "float16": 0.999, "int8": 0.99}
"""Of an exported tower's vectors with torch's, the lowest over the probes."""
