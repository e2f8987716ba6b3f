"""rig.py - the programs of a run: gatelodge, the bare responder, nginx, wrk

Everything listens on loopback or on a unix socket in a directory of the
run's own, and ends with the run.  Only the standard library of Python 3.11
is used.
"""

import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
HERE = os.path.join(TOP, "tests/bench")
sys.path.insert(0, os.path.join(TOP, "tests/fcgi"))
import client  # noqa: E402

CORES = os.cpu_count() or 1
# As deploy/local has it, and what the aims are about.
COST = 5
# What takes longer counts as an error; a slow machine's hashes take seconds.
PATIENCE = 20


class Failed(Exception):
    """Something did not work: no figure, and a status other than 0."""


class Others:
    """How much of the machine somebody else has taken; asked at the end,
    when every program of the run has been waited for."""

    def __init__(self):
        self.start = time.monotonic()
        self.before = self.busy() - self.ours()

    def busy(self):
        with open("/proc/stat", encoding="ascii") as file:
            row = [int(word) for word in file.readline().split()[1:9]]
        idle = row[3] + row[4]
        return (sum(row) - idle) / os.sysconf("SC_CLK_TCK")

    def ours(self):
        return sum(usage.ru_utime + usage.ru_stime for usage in map(
            resource.getrusage, (resource.RUSAGE_SELF,
                                 resource.RUSAGE_CHILDREN)))

    def share(self):
        theirs = self.busy() - self.ours() - self.before
        return max(0, theirs / CORES / (time.monotonic() - self.start))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# In front of a command: it ends with this process, however that ends.
GUARD = ("setpriv", "--pdeathsig", "TERM")


def spawn(command, log):
    env = {key: value for key, value in os.environ.items()
           if key not in ("LISTEN_FDS", "LISTEN_PID", "REQUEST_METHOD",
                          "GATEWAY_INTERFACE", "GATELODGE_CONF")}
    with open(log, "ab") as out:
        return subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=out,
            stderr=out)


def stop(process, number=signal.SIGTERM, patience=20):
    if process is None or process.poll() is not None:
        return
    process.send_signal(number)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise Failed("did not stop: %s" % " ".join(process.args))


class Responder:
    """gatelodge, or the bare responder, on a socket of its own."""

    def __init__(self, name, command, place, store, profile="compat"):
        self.name = name
        self.place = place
        self.store = store
        self.socket = os.path.join(place, name + ".sock")
        self.conf = os.path.join(place, name + ".conf")
        self.log = os.path.join(place, name + ".log")
        self.command = command + [self.conf]
        self.port = free_port()
        self.process = None
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write('profile = "%s"\n'
                       'base_url = "http://localhost:%d"\n'
                       'socket = "%s"\nstore = "%s"\nhash_cost = %d\n'
                       # A login must not end a session that is checked.
                       'session_limit = 100\n' %
                       (profile, self.port, self.socket, self.store, COST))

    def ask(self, *request, **more):
        return client.once(self.socket, *request, **more)

    def start(self, guard=GUARD, patience=30):
        """Returns the milliseconds from its start to its first answer."""
        start = time.perf_counter()
        self.process = spawn([*guard, *self.command], self.log)
        while time.perf_counter() - start < patience:
            try:
                if self.ask("GET", "/").status == 200:
                    return (time.perf_counter() - start) * 1000
            except (OSError, client.Dropped):
                if self.process.poll() is not None:
                    break
            time.sleep(0.0002)
        with open(self.log, encoding="utf-8") as file:
            raise Failed("%s does not answer: %s" % (self.name, file.read()))

    def stop(self):
        stop(self.process)

    def cpu(self):
        """Seconds of all its threads."""
        with open("/proc/%d/stat" % self.process.pid, encoding="ascii") as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Proportional set size in bytes: all, and that of files."""
        path = "/proc/%d/smaps_rollup" % self.process.pid
        with open(path, encoding="ascii") as file:
            text = file.read()

        def row(name):
            return int(re.search(r"^%s: +(\d+) kB" % name, text, re.M)[1])

        return row("Pss") * 1024, row("Pss_File") * 1024


NGINX = """
%(user)s
daemon off;
pid "%(place)s/nginx.pid";
error_log "%(place)s/nginx.log";
worker_processes auto;
worker_rlimit_nofile 16384;

events {
	worker_connections 8192;
}

http {
	access_log off;
	server_tokens off;
	client_body_temp_path "%(place)s/body";
	fastcgi_temp_path "%(place)s/fastcgi";
	proxy_temp_path "%(place)s/proxy";
	scgi_temp_path "%(place)s/scgi";
	uwsgi_temp_path "%(place)s/uwsgi";
	include "%(top)s/deploy/nginx/gatelodge-maps.conf";
	%(servers)s
}
"""

SERVER = """
	upstream %(name)s {
		server "unix:%(socket)s";
		keepalive 64;
		keepalive_timeout 5s;
	}

	server {
		listen 127.0.0.1:%(port)d;
		include "%(top)s/deploy/nginx/gatelodge-errors.conf";
		location / {
			include "%(fastcgi)s";
		}
	}
"""


class Nginx:
    """One nginx before all responders, each on a port of its own, with the
    files of deploy/nginx."""

    def __init__(self, place, responders):
        self.place = place
        self.responders = responders
        self.process = None

    def server(self, responder):
        path = os.path.join(TOP, "deploy/nginx/gatelodge-fastcgi.conf")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        mine = re.sub(r"^fastcgi_pass .*;$",
                      "fastcgi_pass %s;" % responder.name, text, count=1,
                      flags=re.M)
        if "fastcgi_pass %s;" % responder.name not in mine:
            raise Failed(path + " has no line for fastcgi_pass")
        path = os.path.join(self.place, responder.name + "-fastcgi.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(mine)
        return SERVER % {"name": responder.name, "port": responder.port,
                         "socket": responder.socket, "top": TOP,
                         "fastcgi": path}

    def start(self):
        conf = os.path.join(self.place, "nginx.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write(NGINX % {
                "user": "user root;" if os.geteuid() == 0 else "",
                "place": self.place, "top": TOP,
                "servers": "".join(map(self.server, self.responders))})
        log = os.path.join(self.place, "nginx.log")
        self.process = spawn([*GUARD, "nginx", "-p", self.place, "-c", conf,
                              "-e", log], log)
        for _ in range(200):
            if all(self.answers(r.port) for r in self.responders):
                return
            time.sleep(0.05)
        with open(log, encoding="utf-8") as file:
            raise Failed("nginx does not answer: " + file.read())

    def answers(self, port):
        try:
            with socket.create_connection(("127.0.0.1", port), 5):
                return self.process.poll() is None
        except OSError:
            return False

    def stop(self):
        stop(self.process, signal.SIGQUIT)


class Load:
    """One wrk.  Give it time, then ask for its result."""

    def __init__(self, responder, seconds, connections, *arguments):
        path = os.path.join(HERE, "wrk.lua")
        self.responder = responder
        self.threads = min(connections, CORES, 2)
        if arguments[0] == "logout":
            arguments += (self.threads,)
        command = ["wrk", "-t", self.threads, "-c", connections, "-d",
                   "%ds" % seconds, "--timeout", "%ds" % PATIENCE,
                   "-s", path,
                   "http://127.0.0.1:%d/" % responder.port, "--", *arguments]
        self.cpu = responder.cpu()
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def result(self):
        said, _ = self.process.communicate()
        if self.process.returncode != 0 or '{"requests"' not in said:
            raise Failed("wrk: " + said)
        said = json.loads(said[said.rindex('{"requests"'):])
        return Result(said, self.responder.cpu() - self.cpu)


class Result:
    """Rates a second, latencies in ms, the responder's CPU in us."""

    def __init__(self, said, cpu):
        self.requests = said["requests"]
        self.cpu = cpu * 1e6 / max(self.requests, 1)
        self.rate = said["requests"] / said["seconds"]
        self.p99 = said["p99"] / 1000
        self.worst = said["worst"] / 1000
        self.next = said["next"]
        self.faults = {key: said[key] for key in
                       ("connect", "read", "write", "status", "timeout")
                       if said[key] > 0}

    def errors(self):
        return sum(self.faults.values())
