"""What one application holds while it runs, and how a view comes by it."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from search.catalog_tokens import Tokens
from search.engine import Engine
from search.settings import Settings
from web.held import HeldPictures
from web.warmup import Warmup


@dataclass(frozen=True, slots=True)
class State:
    """The engine, the settings, the engine's warm-up, and the pictures that searches are by.

    `tokens` is None where none are wanted: only this machine can reach the server.
    """

    engine: Engine
    settings: Settings
    warmup: Warmup
    held: HeldPictures
    tokens: Tokens | None


def state() -> State:
    """The running application's state."""
    return cast(State, current_app.extensions["limn"])


def engine() -> Engine:
    """The running application's engine."""
    return state().engine
