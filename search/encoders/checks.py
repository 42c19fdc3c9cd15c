"""The check of a specification before its encoder is opened, and the error for an unknown one."""

from search.encoders import backend_of


def check_encoder(spec: str) -> None:
    """Refuse a specification that names nothing here, without opening what it names.

    Raises:
        BadSetting: it names no encoder; the message names those that are like it.
        EncoderUnavailable: its files are missing, and can't be had.
    """
    backend_of(spec).check(spec)
