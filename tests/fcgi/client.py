"""client.py - a FastCGI client that speaks to the socket byte by byte.

A web server sends only well-formed records.  The tests also need the others:
records cut short, lengths that lie, two requests on one line.  So everything
here is built from plain functions that return bytes, and a Connection sends
whatever bytes it is given.

Records and their types are those of the FastCGI 1.0 specification.
Only the standard library of Python 3.11 is used.
"""

import json
import socket
import struct
import time
import urllib.parse

BEGIN_REQUEST = 1
ABORT_REQUEST = 2
END_REQUEST = 3
PARAMS = 4
STDIN = 5
STDOUT = 6
STDERR = 7
DATA = 8
GET_VALUES = 9
GET_VALUES_RESULT = 10
UNKNOWN_TYPE = 11

RESPONDER = 1
AUTHORIZER = 2
FILTER = 3

KEEP_CONN = 1

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


class Dropped(Exception):
    """The peer closed the connection before it had answered in full."""


def record(kind, content=b"", rid=1, padding=0, version=1, length=None):
    """One record.  `length` may lie about the length of the content."""
    if length is None:
        length = len(content)
    head = struct.pack(">BBHHBx", version, kind, rid, length, padding)
    return head + content + bytes(padding)


def stream(kind, content, rid=1, size=65535, padding=0):
    """The content as records of at most `size` bytes, and the empty record
    that ends the stream."""
    parts = [record(kind, content[i:i + size], rid, padding)
             for i in range(0, len(content), size)]
    parts.append(record(kind, b"", rid))
    return b"".join(parts)


def length_bytes(number, wide=False):
    """A name or value length: one byte below 128, else four."""
    if number < 128 and not wide:
        return bytes([number])
    return struct.pack(">I", (number & 0x7fffffff) | 0x80000000)


def pair(name, value, wide=False):
    """One name-value pair; `wide` writes even short lengths in four bytes."""
    name, value = as_bytes(name), as_bytes(value)
    return (length_bytes(len(name), wide) + length_bytes(len(value), wide)
            + name + value)


def pairs(items, wide=False):
    return b"".join(pair(name, value, wide) for name, value in items)


def as_bytes(text):
    return text if isinstance(text, bytes) else str(text).encode()


def begin(rid=1, role=RESPONDER, keep=True, flags=None):
    if flags is None:
        flags = KEEP_CONN if keep else 0
    return record(BEGIN_REQUEST, struct.pack(">HB5x", role, flags), rid)


def parameters(method, uri, body=b"", headers=(), kind=None, address=None,
               length=None):
    """What nginx's fastcgi_params sends for one request, as a list of pairs.

    `headers` is a list of (name, value) in HTTP spelling; a name may repeat,
    and is then sent as often.  `length` replaces CONTENT_LENGTH."""
    path, _, query = uri.partition("?")
    if length is None:
        length = len(body) if body or kind else ""
    rows = [
        ("QUERY_STRING", query),
        ("REQUEST_METHOD", method),
        ("CONTENT_TYPE", kind or ""),
        ("CONTENT_LENGTH", length),
        ("SCRIPT_NAME", path),
        ("REQUEST_URI", uri),
        ("DOCUMENT_URI", path),
        ("DOCUMENT_ROOT", "/var/www/html"),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
        ("REQUEST_SCHEME", "http"),
        ("GATEWAY_INTERFACE", "CGI/1.1"),
        ("SERVER_SOFTWARE", "nginx/1.22.1"),
        ("REMOTE_ADDR", address or "127.0.0.1"),
        ("REMOTE_PORT", "40000"),
        ("SERVER_ADDR", "127.0.0.1"),
        ("SERVER_PORT", "5000"),
        ("SERVER_NAME", "localhost"),
        ("REDIRECT_STATUS", "200"),
        ("HTTP_HOST", "localhost"),
    ]
    for name, value in headers:
        rows.append(("HTTP_" + name.upper().replace("-", "_"), value))
    return rows


def request(method, uri, body=b"", headers=(), kind=None, keep=True, rid=1,
            role=RESPONDER, address=None, length=None, extra=(), size=65535,
            padding=0, params=None):
    """One whole request, as bytes."""
    body = as_bytes(body)
    if params is None:
        params = parameters(method, uri, body, headers, kind, address, length)
        params = params + list(extra)
    return (begin(rid, role, keep)
            + stream(PARAMS, pairs(params), rid, size, padding)
            + stream(STDIN, body, rid, size, padding))


def form(fields):
    return urllib.parse.urlencode(fields)


def call(method, uri, fields=None, session=None, **more):
    """The bytes of a request with form fields and perhaps a session cookie."""
    headers = list(more.pop("headers", ()))
    if session is not None:
        headers.append(("Cookie", "session_id=" + session))
    if fields is not None:
        more.setdefault("kind", FORM)
        more.setdefault("body", form(fields))
    return request(method, uri, headers=headers, **more)


class Answer:
    """What came back on standard output, taken apart."""

    def __init__(self, raw, end):
        self.raw = raw
        self.app_status, self.protocol_status = struct.unpack(
            ">IB3x", end) if len(end) == 8 else (None, None)
        head, _, self.body = raw.partition(b"\r\n\r\n")
        self.headers = []
        for line in head.decode("latin-1").split("\r\n"):
            name, _, value = line.partition(":")
            if name:
                self.headers.append((name.strip().lower(), value.strip()))
        status = self.header("status")
        self.status = int(status.split()[0]) if status else None

    def header(self, name):
        for key, value in self.headers:
            if key == name.lower():
                return value
        return None

    def all(self, name):
        return [value for key, value in self.headers if key == name.lower()]

    def json(self):
        return json.loads(self.body)

    def session(self):
        """The session id that the answer sets, or None."""
        for cookie in self.all("set-cookie"):
            name, _, rest = cookie.partition("=")
            if name.endswith("session_id"):
                return rest.partition(";")[0] or None
        return None

    def __repr__(self):
        return "<Answer %s %r>" % (self.status, self.body)


class Connection:
    """One connection to the service: a unix socket path or "HOST:PORT"."""

    def __init__(self, where, timeout=10):
        if "/" in where:
            self.socket = socket.socket(socket.AF_UNIX)
            target = where
        else:
            host, _, port = where.rpartition(":")
            host = host.strip("[]")
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self.socket = socket.socket(family)
            target = (host, int(port))
        self.socket.settimeout(timeout)
        self.buffer = b""
        try:
            self.socket.connect(target)
        except OSError:
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        """Send all; a peer that has closed meanwhile is not an error here,
        the next read will show it."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def finish_sending(self):
        self.socket.shutdown(socket.SHUT_WR)

    def _fill(self, count):
        while len(self.buffer) < count:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                raise Dropped("closed after %d bytes" % len(self.buffer))
            self.buffer += more

    def read_record(self):
        """The next record as (type, request id, content)."""
        self._fill(8)
        _, kind, rid, length, padding = struct.unpack(
            ">BBHHBx", self.buffer[:8])
        self._fill(8 + length + padding)
        content = self.buffer[8:8 + length]
        self.buffer = self.buffer[8 + length + padding:]
        return kind, rid, content

    def read_answer(self):
        """Records up to END_REQUEST, as one Answer."""
        out = b""
        while True:
            kind, _, content = self.read_record()
            if kind == STDOUT:
                out += content
            elif kind == END_REQUEST:
                return Answer(out, content)

    def exchange(self, data):
        self.send(data)
        return self.read_answer()

    def call(self, *args, **named):
        return self.exchange(call(*args, **named))

    def outcome(self, patience=5):
        """How a doubtful request ended: an Answer, "dropped" or "silent"."""
        self.socket.settimeout(patience)
        try:
            return self.read_answer()
        except Dropped:
            return "dropped"
        except TimeoutError:
            return "silent"

    def closed_within(self, seconds):
        """True once the peer has closed; what it still says is thrown away."""
        until = time.monotonic() + seconds
        while True:
            left = until - time.monotonic()
            if left <= 0:
                return False
            self.socket.settimeout(left)
            try:
                if not self.socket.recv(65536):
                    return True
            except ConnectionResetError:
                return True
            except TimeoutError:
                return False


def once(where, *args, timeout=10, **named):
    """One request on a connection of its own."""
    named.setdefault("keep", False)
    with Connection(where, timeout) as line:
        return line.call(*args, **named)
