"""The OpenAPI document of the API, made from routes, their facts and document classes."""

from web.api.openapi.document import openapi
from web.api.openapi.operation import NOT_MODIFIED, RANGES

__all__ = ["NOT_MODIFIED", "RANGES", "openapi"]
