"""stores.py - stores full of accounts and sessions, made once and kept

gatelodge itself makes the file and registers the first account, so that
schema and password hash are its own.  The rest is written in one transaction
while nobody else has the file open.  A store is made anew when the schema
has changed.
"""

import base64
import hashlib
import os
import shutil
import sqlite3
import time

import rig

USERS = 100_000
PASSWORD = "b4l0u-b4l0u-b4l0u"
LIFETIME_MS = 30 * 24 * 3600 * 1000
# Half of a session's life has to be left: a run may come weeks later.
KEEP_MS = LIFETIME_MS // 2


def email(number):
    return "user%06d@example.com" % number


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def random_id(size):
    return base64url(os.urandom(size))


class Store:
    """A store of so many sessions, and the file of their tokens."""

    def __init__(self, directory, sessions):
        base = os.path.join(directory, "%d-sessions" % sessions)
        self.sessions = sessions
        self.path = base + ".db"
        self.tokens = base + ".tokens"
        self.mark = base + ".made-of"

    def made_of(self):
        """What a store depends on, as one line."""
        total = hashlib.sha256()
        directory = os.path.join(rig.TOP, "src/sql")
        for name in sorted(os.listdir(directory)) + [__file__]:
            with open(os.path.join(directory, name), "rb") as file:
                total.update(file.read())
        return total.hexdigest()

    def is_good(self):
        try:
            with open(self.mark, encoding="ascii") as file:
                made_of, made_at = file.read().split()
        except (OSError, ValueError):
            return False
        return (made_of == self.made_of() and
                time.time() * 1000 - int(made_at) < KEEP_MS)

    def make(self, command, place):
        """Unless it is there already."""
        if self.is_good():
            return
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(self.path + suffix):
                os.unlink(self.path + suffix)
        first = rig.Responder("maker", command, place, self.path)
        first.start()
        answer = first.ask("POST", "/users", {
            "email": email(0), "password": PASSWORD})
        first.stop()
        if answer.status != 200:
            raise rig.Failed("registering: %r" % answer)
        now = int(time.time() * 1000)
        self.fill(now)
        with open(self.mark, "w", encoding="ascii") as file:
            file.write("%s %d\n" % (self.made_of(), now))

    def fill(self, now):
        db = sqlite3.connect(self.path, isolation_level=None)
        for pragma in ("wal_autocheckpoint=0", "synchronous=OFF",
                       "cache_size=-1000000", "foreign_keys=OFF"):
            db.execute("PRAGMA " + pragma)
        db.execute("BEGIN EXCLUSIVE")
        ids = self.add_users(db, now)
        self.add_sessions(db, ids, now)
        db.execute("COMMIT")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()

    def add_users(self, db, now):
        """All have the first one's password."""
        first, password_hash = db.execute(
            "SELECT id, password_hash FROM users").fetchone()
        ids = [first] + [random_id(16) for _ in range(1, USERS)]
        db.executemany(
            "INSERT INTO users (id, email, email_key, password_hash, "
            "created_at) VALUES (?, ?, ?, ?, ?)",
            ((ids[n], email(n), email(n), password_hash, now)
             for n in range(1, USERS)))
        return ids

    def add_sessions(self, db, ids, now):
        with open(self.tokens, "w", encoding="ascii") as file:
            def rows():
                for n in range(self.sessions):
                    token = random_id(32)
                    file.write(token + "\n")
                    digest = hashlib.sha256(token.encode()).digest()
                    yield (base64url(digest), ids[n % USERS], now,
                           now + LIFETIME_MS, now + LIFETIME_MS)

            db.executemany("INSERT INTO sessions (token_hash, user_id, "
                           "created_at, expires_at, ends_at) "
                           "VALUES (?, ?, ?, ?, ?)", rows())

    def copy_to(self, path):
        """A run writes into a copy, and waits for no one's disk but its
        own."""
        shutil.copyfile(self.path, path)
        with open(path, "rb") as file:
            os.fsync(file.fileno())

    def some_tokens(self, n):
        with open(self.tokens, encoding="ascii") as file:
            return [file.readline().strip() for _ in range(n)]


def add_rows(path, statement, rows):
    """To a copy that nobody has open."""
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in ("wal_autocheckpoint=0", "synchronous=OFF",
                   "cache_size=-1000000"):
        db.execute("PRAGMA " + pragma)
    db.execute("BEGIN EXCLUSIVE")
    db.executemany(statement, rows)
    db.execute("COMMIT")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def add_expired(path, count):
    """So many sessions whose time has been over for a minute."""
    db = sqlite3.connect(path)
    user, = db.execute("SELECT id FROM users").fetchone()
    db.close()
    ended = int(time.time() * 1000) - 60_000
    add_rows(path, "INSERT INTO sessions (token_hash, user_id, created_at, "
             "expires_at, ends_at) VALUES (?, ?, ?, ?, ?)",
             ((random_id(32), user, ended - LIFETIME_MS, ended, ended)
              for _ in range(count)))


def add_tracked(path, count):
    """So many networks from which a wrong password has come."""
    now = int(time.time() * 1000)
    add_rows(path, "INSERT INTO limits (key, failures, updated_at, "
             "blocked_until, expires_at) VALUES (?, 1, ?, 0, ?)",
             (("n" + random_id(32), now, now + LIFETIME_MS)
              for _ in range(count)))


def count_sessions(path, which=""):
    """Only reads: gatelodge may have the file open."""
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    count, = db.execute("SELECT count(*) FROM sessions " + which).fetchone()
    db.close()
    return count


def count_expired(path):
    return count_sessions(path, "WHERE expires_at < 1000 * unixepoch()")


# Another system's: SHA-crypt of nobody's password, since none is asked.
FOREIGN_HASH = ("$6$saltstring$" + "x" * 86)


def write_lines(path, users):
    """A file that gatelodgectl imports, in the order of no key."""
    with open(path, "w", encoding="ascii") as file:
        for n in range(users):
            file.write("%s:%s\n" % (email(n * 7919 % users), FOREIGN_HASH))


def insert_users(path, users):
    """The same rows into an empty store, by SQLite alone: how long it took."""
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in ("wal_autocheckpoint=0", "synchronous=FULL",
                   "cache_size=-65536"):
        db.execute("PRAGMA " + pragma)
    rows = [(random_id(16), email(n * 7919 % users), FOREIGN_HASH)
            for n in range(users)]
    start = time.perf_counter()
    db.execute("BEGIN IMMEDIATE")
    db.executemany("INSERT INTO users (id, email, email_key, password_hash, "
                   "created_at) VALUES (?1, ?2, ?2, ?3, 0)", rows)
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    took = time.perf_counter() - start
    db.close()
    return took
