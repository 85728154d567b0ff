"""Check whether a port of this machine is free."""

import errno
import os
import socket


def in_use(host: str, port: int, family: socket.AddressFamily = socket.AF_INET) -> bool:
    """Return whether another program is listening on a port."""
    with socket.socket(family) as probe:
        if os.name != "nt":  # on Windows, this option would let two servers share the port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False
