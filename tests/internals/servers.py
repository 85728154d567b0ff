"""Servers on free local ports whose answers a test configures."""

import contextlib
import gzip
import http.client
import http.server
import json
import re
import socket
import socketserver
import threading
import time
from collections.abc import Iterator


class Tracker(http.server.ThreadingHTTPServer):
    """A tracker that keeps every envelope, answers it with one status, and serves the JSON in `pages`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, status: int, port: int = 0) -> None:
        """Listen on a port, by default a free one."""
        super().__init__(("127.0.0.1", port), Handler)
        self.status = status
        self.pages: dict[str, object] = {}
        self.bodies: list[bytes] = []
        self.times: list[float] = []  # of the requests
        self.answered = 0
        self.headers: dict[str, str] = {}
        self.poison = b""  # a body that contains this is answered with 500
        self.answer: bytes | None = None  # sent instead of the JSON with the event's id
        self.delay = 0.0  # seconds before each answer
        self.keys: dict[str, str] = {}  # the DSN's key, by event id
        self.heartbeats: list[str] = []  # paths
        self.violations: list[object] = []  # reports to the security endpoint
        self.redirects: dict[str, str] = {}  # where to, by path
        self.lists: dict[str, dict[str, object]] = {}  # pages by query, in order, by path
        self.awake = threading.Event()
        self.awake.set()
        self.allowed = threading.Semaphore(0)  # requests to answer while the tracker sleeps

    def answer_one(self) -> None:
        """Let one request through while the tracker sleeps."""
        self.allowed.release()

    def event_ids(self) -> list[str]:
        """Return the ids of the accepted events, with duplicates."""
        return [json.loads(body.split(b"\n")[0])["event_id"] for body in self.bodies]


class Handler(http.server.BaseHTTPRequestHandler):
    """The request handler of `Tracker`."""

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if path in self.server.redirects:
            self.send_response(302)
            self.send_header("Location", self.server.redirects[path])
            self.end_headers()
        elif path in self.server.lists:
            pages = self.server.lists[path]
            following = [*pages, None][[*pages].index(query) + 1]
            if following:
                self.server.headers["Link"] = f'<http://elsewhere{path}?{following}>; rel="next"; results="true"'
            self.answer(200, json.dumps(pages[query]).encode())
            self.server.headers.pop("Link", None)
        elif path == "/":
            self.answer(200)
        elif path not in self.server.pages:
            self.answer(404)
        elif path.startswith("/api/0/") and self.headers["Authorization"] != "Bearer token":
            self.answer(401)
        else:
            self.answer(200, json.dumps(self.server.pages[path]).encode())

    def do_POST(self):
        if "heartbeat" in self.path:
            self.server.heartbeats.append(self.path)
            self.answer(200 if self.path in self.server.pages else 404)
            return
        if self.path.endswith("/security/"):
            self.server.violations.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer(201)  # as GlitchTip and Relay do: without a body
            return
        body = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.times.append(time.monotonic())
        while not self.server.awake.wait(0.01) and not self.server.allowed.acquire(blocking=False):
            pass
        time.sleep(self.server.delay)
        status = 500 if self.server.poison and self.server.poison in body else self.server.status
        event_id = json.loads(body.split(b"\n")[0])["event_id"]
        if status == 200:
            self.server.bodies.append(body)
            self.server.keys[event_id] = re.search("sentry_key=([^,]+)", self.headers["X-Sentry-Auth"])[1]
        with contextlib.suppress(OSError):  # the client may have given up
            taken = json.dumps({"id": event_id}).encode() if self.server.answer is None else self.server.answer
            self.answer(status, taken if status == 200 else b"")
        self.server.answered += 1

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Log nothing."""


@contextlib.contextmanager
def serving(status: int, port: int = 0) -> Iterator[Tracker]:
    """Run a tracker in a separate thread."""
    with Tracker(status, port) as tracker:
        threading.Thread(target=tracker.serve_forever, args=(0.02,), daemon=True).start()
        yield tracker
        tracker.shutdown()


@contextlib.contextmanager
def line_server(answer: bytes) -> Iterator[int]:
    """Listen on a free port and answer each connection with one line, or not at all if it is empty."""
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


@contextlib.contextmanager
def closing_server() -> Iterator[tuple[int, list[str]]]:
    """Run a tracker that closes each connection after its answer without a `Connection: close` header, as uWSGI does.

    Yield its port and the ids of the events that it accepted.
    """
    taken: list[str] = []

    class Closing(socketserver.StreamRequestHandler):
        def handle(self):
            self.rfile.readline()
            length = int(http.client.parse_headers(self.rfile)["Content-Length"])
            taken.append(json.loads(gzip.decompress(self.rfile.read(length)).split(b"\n")[0])["event_id"])
            answer = json.dumps({"id": taken[-1]}).encode()
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 128

    with Server(("127.0.0.1", 0), Closing) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_address[1], taken
        server.shutdown()
