"""What another system leaves behind, for import.bats.

usage: seed.py make DATABASE COUNT SLOW      a database of users with bcrypt
       seed.py enter URL COUNT THREADS       log in to each, at the same time
       seed.py hash SETTING                  the hash of the password on stdin
       seed.py lines COUNT                   lines of an htpasswd file

User n is userN@example.org with the password "secret N".  SLOW of them have
cost 12, the others 4.  enter prints the addresses that did not get in.
"""
import concurrent.futures
import crypt
import http.client
import os
import sqlite3
import sys
import threading
import urllib.parse

SALT = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def email(number):
    return "user%d@example.org" % number


def password(number):
    return "secret %d" % number


def bcrypt(number, cost):
    """As bcrypt.hashpw() of Python gives it: bytes."""
    salt = "".join(SALT[byte % 64] for byte in os.urandom(21))
    return crypt.crypt(password(number), "$2b$%02d$%su" % (cost, salt)).encode()


def hashes(count, slow):
    apart = count // slow if slow else count + 1
    costs = [4 if (n + 1) % apart else 12 for n in range(count)]
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        return list(pool.map(bcrypt, range(count), costs))


def make(path, count, slow):
    """The seed keeps the bytes in a column of texts: they stay a BLOB."""
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE users (id INTEGER NOT NULL, "
               "email VARCHAR(250) NOT NULL, "
               "hashed_password VARCHAR(250) NOT NULL, "
               "session_id VARCHAR(250), reset_token VARCHAR(250), "
               "PRIMARY KEY (id))")
    db.executemany("INSERT INTO users (email, hashed_password, session_id, "
                   "reset_token) VALUES (?, ?, ?, ?)",
                   ((email(n), h if n % 2 else h.decode(),
                     "session%d" % n, "token%d" % n)
                    for n, h in enumerate(hashes(count, slow))))
    db.commit()
    db.close()


def enter(url, count, threads):
    """A connection for each thread."""
    where = urllib.parse.urlsplit(url)
    local = threading.local()

    def log_in(number):
        if not hasattr(local, "http"):
            local.http = http.client.HTTPConnection(where.hostname, where.port,
                                                    timeout=60)
        local.http.request(
            "POST", "/sessions", urllib.parse.urlencode(
                {"email": email(number), "password": password(number)}),
            {"Content-Type": "application/x-www-form-urlencoded"})
        answer = local.http.getresponse()
        answer.read()
        return answer.status

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        for number, status in enumerate(pool.map(log_in, range(count))):
            if status != 200:
                print(email(number), status)


def lines(count):
    """All with one hash: what is asked is how long they take."""
    one = bcrypt(0, 4).decode()
    for number in range(count):
        print("%s:%s" % (email(number), one))


def main():
    what, *rest = sys.argv[1:]
    if what == "make":
        make(rest[0], int(rest[1]), int(rest[2]))
    elif what == "enter":
        enter(rest[0], int(rest[1]), int(rest[2]))
    elif what == "hash":
        print(crypt.crypt(sys.stdin.read(), rest[0]))
    elif what == "lines":
        lines(int(rest[0]))


if __name__ == "__main__":
    main()
