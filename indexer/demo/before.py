"""The checks of `make demo` before it installs anything: python before.py PORT [PICTURES].

Any installed Python runs this file, without Limn.
"""

import os
import socket
import sys


def trouble(port: str, pictures: str = "") -> str:
    """Return the problem that would end the demo after minutes, or "" where there is none."""
    if not (port.isascii() and port.isdigit() and int(port) < 65536):
        return f"PORT is {port!r}; it may be 0 to 65535"
    if pictures and not os.path.exists(os.path.expanduser(pictures)):
        return f"PICTURES is {pictures!r}, and there is no such folder or file"
    with socket.socket() as probe:
        if os.name == "posix":  # as the server does: an ended server blocks its port a while
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(port)))
            probe.listen()
        except OSError as error:
            other = int(port) % 65535 + 1
            return f"port {port} can't be had ({error.strerror}); try make demo PORT={other}"
    return ""


if __name__ == "__main__":
    problem = trouble(*sys.argv[1:3])
    sys.exit(f"limn: {problem}" if problem else 0)
