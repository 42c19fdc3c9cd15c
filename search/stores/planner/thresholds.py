"""The sizes from which a store is measured, and the plan of a store that was not measured."""

from search.stores.planner.cost_model import MIN_ROWS
from search.stores.planner.plan import Computes, IndexOptions, IndexPlan

# Rows x width that are scanned in one or two milliseconds, by one thread of 2024's machines or
# by a GPU: below this nothing is measured, for nothing would be gained.
EXACT_ENOUGH = {"cpu": 16_000_000, "cuda": 5_000_000_000}


def wants_plan(
    rows: int, width: int, plan: IndexPlan | None, options: IndexOptions, device: Computes = "cpu"
) -> bool:
    """Return whether to measure a store: never yet, twice as large, or with other options."""
    small = rows < MIN_ROWS or (options.store == "auto" and rows * width < EXACT_ENOUGH[device])
    if small or options.store == "exact":
        return False
    return plan is None or rows > 2 * plan.vectors or not plan.suits(options, device)


def exact_plan(rows: int, width: int, options: IndexOptions, device: Computes = "cpu") -> IndexPlan:
    """Return the plan of a store that is searched exactly without measurement."""
    if options.store == "exact":
        reason = "exact was asked for"
    elif rows < MIN_ROWS or rows * width < EXACT_ENOUGH[device]:
        time = "a millisecond" if device == "cpu" else "two milliseconds by the GPU"
        reason = f"{rows:,} vectors of {width} are scanned in about {time} or less"
    else:
        reason = "it was not measured yet: a server does so in the background, or limn plan NAME"
    return IndexPlan("exact", rows, 1.0, 2.0 * width + 8, reasons=(reason,), device=device)
