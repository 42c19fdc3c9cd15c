"""What one application holds while it runs, and how a view comes by it."""

from dataclasses import dataclass, field
from threading import Event
from typing import cast

from flask import current_app

from search.catalog.tokens import Tokens
from search.engine import Engine
from search.settings import Settings
from web.services.query_images import HeldPictures
from web.services.result_cache import Orders
from web.services.server_folders import Roots
from web.services.uploads import Intake
from web.services.warmup import Warmup
from web.services.worker_process import Foreman


@dataclass(frozen=True, slots=True)
class State:
    """The engine, the settings, the engine's warm-up, and the pictures that searches are by.

    `tokens` is None where none are wanted: only this machine can reach the server. `ending` is set
    when the server is told to end: what would go on by itself ends too.
    """

    engine: Engine
    settings: Settings
    warmup: Warmup
    held: HeldPictures
    tokens: Tokens | None
    roots: Roots
    intake: Intake
    foreman: Foreman
    orders: Orders
    ending: Event = field(default_factory=Event)


def state() -> State:
    """The running application's state."""
    return cast(State, current_app.extensions["limn"])


def engine() -> Engine:
    """The running application's engine."""
    return state().engine
