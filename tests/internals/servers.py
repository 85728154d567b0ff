"""Servers on free ports of this machine that answer as a test wants them to."""

import contextlib
import gzip
import http.server
import json
import socket
import threading
import time
from collections.abc import Iterator


class Tracker(http.server.ThreadingHTTPServer):
    """A tracker that keeps every envelope, answers it with one status, and every page of `pages` with its JSON."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, status: int, port: int = 0) -> None:
        """Listen on a port, by default a free one."""
        super().__init__(("127.0.0.1", port), Handler)
        self.status = status
        self.pages: dict[str, object] = {}
        self.bodies: list[bytes] = []
        self.times: list[float] = []
        self.headers: dict[str, str] = {}
        self.poison = b""  # a body that holds it is answered with 500
        self.awake = threading.Event()
        self.awake.set()

    def event_ids(self) -> list[str]:
        """Return the ids of the events that were taken, each as often as it was."""
        return [json.loads(body.split(b"\n")[0])["event_id"] for body in self.bodies]


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers for `Tracker`."""

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/":
            self.answer(200)
        elif path not in self.server.pages:
            self.answer(404)
        elif path.startswith("/api/0/") and self.headers["Authorization"] != "Bearer token":
            self.answer(401)
        else:
            self.answer(200, json.dumps(self.server.pages[path]).encode())

    def do_POST(self):
        body = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.times.append(time.monotonic())
        self.server.awake.wait(30)
        status = 500 if self.server.poison and self.server.poison in body else self.server.status
        if status == 200:
            self.server.bodies.append(body)
        with contextlib.suppress(OSError):  # the client may have given up
            self.answer(status)

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Keep the tests quiet."""


@contextlib.contextmanager
def serving(status: int, port: int = 0) -> Iterator[Tracker]:
    """Run a tracker in a thread of its own."""
    with Tracker(status, port) as tracker:
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
