"""Servers on free ports of this machine that answer as a test wants them to."""

import contextlib
import gzip
import http.server
import json
import socket
import threading
from collections.abc import Iterator


class Tracker(http.server.ThreadingHTTPServer):
    """A tracker that keeps every envelope, answers it with one status, and every page of `pages` with its JSON."""

    def __init__(self, status: int) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = status
        self.pages: dict[str, object] = {}
        self.bodies: list[bytes] = []


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers for `Tracker`."""

    def do_GET(self):  # noqa: N802
        path = self.path.partition("?")[0]
        if path == "/":
            self.answer(200)
        elif path not in self.server.pages:
            self.answer(404)
        elif path.startswith("/api/0/") and self.headers["Authorization"] != "Bearer token":
            self.answer(401)
        else:
            self.answer(200, json.dumps(self.server.pages[path]).encode())

    def do_POST(self):  # noqa: N802
        self.server.bodies.append(gzip.decompress(self.rfile.read(int(self.headers["Content-Length"]))))
        self.answer(self.server.status)

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Keep the tests quiet."""


@contextlib.contextmanager
def serving(status: int) -> Iterator[Tracker]:
    """Run a tracker in a thread of its own."""
    with Tracker(status) as tracker:
        threading.Thread(target=tracker.serve_forever, args=(0.02,), daemon=True).start()
        yield tracker
        tracker.shutdown()


@contextlib.contextmanager
def line_server(answer: bytes) -> Iterator[int]:
    """Listen on a free port and answer each connection with one line, or never if it is empty."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    held.append(connection)
                    if answer:
                        connection.recv(1)
                        connection.sendall(answer)

        held: list[socket.socket] = []
        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        for connection in held:
            connection.close()
        server.shutdown(socket.SHUT_RDWR)
