"""Fields of schemas with a word on what they mean, for the OpenAPI document."""

from marshmallow import fields


def whole(about: str, **more: object) -> fields.Integer:
    return fields.Integer(metadata={"description": about}, **more)  # type: ignore[arg-type]


def text(about: str, **more: object) -> fields.String:
    return fields.String(metadata={"description": about}, **more)  # type: ignore[arg-type]
