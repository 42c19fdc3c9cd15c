"""Health checks for a supervisor: the process is up, and searches can be answered."""

from typing import Any

from flask import Blueprint

from web.route import route
from web.state import engine, state

health = Blueprint("health", __name__)


@route(health, "/healthz", scope="public", rate_limit=False, urgency="probe", for_programs=True)
def healthz() -> dict[str, Any]:
    """Return the process is up."""
    return {"status": "ok"}


@route(health, "/readyz", scope="public", rate_limit=False, urgency="probe", for_programs=True)
def readyz() -> tuple[dict[str, Any], int]:
    """Return whether database, encoders and indexes answer; 503 with the reason until then."""
    engine().collections()
    warmup = state().warmup
    warmup.start()
    if warmup.status == "ready":
        return {"status": "ready"}, 200
    return {"status": warmup.status, "reason": warmup.reason}, 503
