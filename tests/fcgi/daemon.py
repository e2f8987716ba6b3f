"""daemon.py - one gatelodge process for a test, in a directory of its own.

The program under test is the one that GATELODGE names, by default
build/gatelodge beside the sources.  It may be built with a sanitizer; then
what the sanitizer prints counts as a failure, and waits are longer.
"""

import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time

import client

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
PROGRAM = os.environ.get("GATELODGE") or os.path.join(TOP, "build/gatelodge")

COMPLAINTS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer",
              "UndefinedBehaviorSanitizer", ": runtime error: ",
              "stack smashing", "Assertion", "corrupted")


def program_slack():
    """How much longer than usual the program may take."""
    try:
        with open(PROGRAM, "rb") as file:
            text = file.read()
    except OSError:
        return 1
    if b"__tsan_init" in text:
        return 10
    if b"__asan_init" in text:
        return 4
    return 1


SLACK = program_slack()


def quote(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "{" + ", ".join(quote(item) for item in value) + "}"
    return '"%s"' % value


class Daemon:
    """A running gatelodge.  `knobs` are lines of its configuration file."""

    def __init__(self, files=None, most=None, **knobs):
        self.dir = tempfile.mkdtemp(prefix="gatelodge-test-")
        self.socket = os.path.join(self.dir, "gatelodge.sock")
        self.store = os.path.join(self.dir, "gatelodge.db")
        self.conf = os.path.join(self.dir, "gatelodge.conf")
        self.log = os.path.join(self.dir, "log")
        self.files = files
        self.most = most
        self.process = None
        self.knobs = {"profile": "compat", "hash_cost": 1,
                      "session_limit": 100,
                      "base_url": "http://localhost:5000",
                      "socket": self.socket, "store": self.store}
        self.knobs.update(knobs)
        self.write_conf()

    def write_conf(self, **changes):
        self.knobs.update(changes)
        with open(self.conf, "w", encoding="utf-8") as file:
            for name, value in self.knobs.items():
                file.write("%s = %s\n" % (name, quote(value)))
        os.chmod(self.conf, 0o600)

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *unused):
        self.kill()
        if kind is None:
            shutil.rmtree(self.dir, ignore_errors=True)

    def _limits(self):
        # A service manager gives 1,024 descriptors, and leave to take more.
        if self.files:
            hard = self.most or resource.getrlimit(
                resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.files, hard))

    def start(self, patience=10):
        """Start it and wait until it says that it serves."""
        self.log_start = os.path.getsize(self.log) \
            if os.path.exists(self.log) else 0
        env = {key: value for key, value in os.environ.items()
               if key not in ("LISTEN_FDS", "LISTEN_PID", "REQUEST_METHOD",
                              "GATEWAY_INTERFACE", "GATELODGE_CONF")}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "-c", self.conf], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=env, preexec_fn=self._limits)
        until = time.monotonic() + patience * SLACK
        while time.monotonic() < until:
            if '"started"' in self.log_text():
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.005)
        self.kill()
        raise RuntimeError("gatelodge did not start: " + self.log_text())

    def log_text(self):
        """What this run of the process has logged."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            file.seek(self.log_start)
            return file.read()

    def complaints(self):
        """Lines of the whole log that a sanitizer or an abort has left."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return [line for line in file
                    if any(word in line for word in COMPLAINTS)]

    def wait_log(self, word, patience=5):
        until = time.monotonic() + patience * SLACK
        while time.monotonic() < until:
            if word in self.log_text():
                return True
            time.sleep(0.01)
        return False

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def tell(self, number):
        self.process.send_signal(number)

    def wait(self, patience=20):
        """Its exit status; None when it is still there after `patience`."""
        try:
            return self.process.wait(patience * SLACK)
        except subprocess.TimeoutExpired:
            return None

    def stop(self, number=signal.SIGTERM, patience=20):
        self.tell(number)
        return self.wait(patience)

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def line(self, timeout=10):
        """A new connection to it."""
        return client.Connection(self.socket, timeout * SLACK)

    def once(self, *args, **named):
        return client.once(self.socket, *args, timeout=10 * SLACK, **named)

    def account(self, email, password="secret"):
        answer = self.once("POST", "/users",
                           {"email": email, "password": password})
        assert answer.status == 200, answer
        return email

    def login(self, email, password="secret"):
        answer = self.once("POST", "/sessions",
                           {"email": email, "password": password})
        assert answer.status == 200, answer
        return answer.session()

    def reset_token(self, email):
        answer = self.once("POST", "/reset_password", {"email": email})
        assert answer.status == 200, answer
        return answer.json()["reset_token"]
