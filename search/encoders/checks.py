"""The check of a specification before its encoder is opened, and the error for an unknown one."""

from search.encoders import backend_of


def check_encoder(spec: str) -> None:
    """Refuse a specification that names no encoder, without opening the pair.

    Raises:
        BadSetting: the specification names no encoder; the message lists similar names.
        EncoderUnavailable: its files are missing, and can't be downloaded.
    """
    backend_of(spec).check(spec)
