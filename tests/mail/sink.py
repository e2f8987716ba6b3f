#!/usr/bin/python3
"""A mail server that keeps what it gets, and misbehaves as it is told.

usage: tests/mail/sink.py DIR [--port N] [--cert FILE --key FILE] [--tls]
                          [--user NAME --password WORD]

Listens on 127.0.0.1; its port is written to DIR/port once it does.  A mail is
kept as DIR/got/N.eml, with its envelope in DIR/got/N.json; each command, its
verb and for MAIL and RCPT its argument, is a line of DIR/said, and each
connection one of "connected" there.

--cert, --key    STARTTLS with this certificate
--tls            TLS from the start
--user           nothing is taken from whoever does not log in

DIR/mode, read anew for each command, may hold lines:

    VERB CODE WORDS...   what MAIL, RCPT or DATA is answered
    mail CODE WORDS...   what the text is answered after its end
    grey SECONDS         450 to a recipient until then
    idle SECONDS         before it lets the text begin
    slow SECONDS         before the text is answered
    late SECONDS         the same, but it has taken the text before
    drop                 ends the connection within the text
"""
import argparse
import asyncio
import json
import os
import ssl
import time

from aiosmtpd.smtp import SMTP, AuthResult


class Sink(SMTP):
    """One connection."""

    def __init__(self, options):
        super().__init__(Keeper(options), hostname="sink.example",
                         tls_context=context(options, False),
                         authenticator=options.authenticator,
                         auth_required=options.user is not None,
                         auth_require_tls=False)
        self.options = options

    def connection_made(self, transport):
        if not self.transport:
            note(self.options, "connected")
        super().connection_made(transport)

    async def told(self, verb, arg):
        """Answers as the mode says; False: nothing is said of it."""
        note(self.options, f"{verb} {arg}" if verb in ("MAIL", "RCPT")
             else verb)
        for word, rest in modes(self.options):
            if word == verb:
                await self.push(rest)
                return True
        return False

    async def smtp_EHLO(self, hostname):
        note(self.options, f"EHLO {hostname}")
        await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg):
        note(self.options, "STARTTLS")
        await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg):
        note(self.options, "AUTH")
        await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg):
        if not await self.told("MAIL", arg):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg):
        if not await self.told("RCPT", arg):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg):
        if await self.told("DATA", arg):
            return
        await pause(self.options, "idle")
        if ("drop", "") in modes(self.options):
            await self.push("354 go on")
            await self._reader.readline()
            self.transport.abort()
            return
        await super().smtp_DATA(arg)

    async def smtp_QUIT(self, arg):
        note(self.options, "QUIT")
        await super().smtp_QUIT(arg)


class Keeper:
    """What is done with recipients and texts."""

    def __init__(self, options):
        self.options = options

    async def handle_RCPT(self, _server, _session, envelope, address, _opts):
        for word, rest in modes(self.options):
            if word == "grey":
                first = self.options.seen.setdefault(address, time.time())
                if time.time() < first + float(rest):
                    return "450 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(self, _server, session, envelope):
        await pause(self.options, "slow")
        for word, rest in modes(self.options):
            if word == "mail":
                return rest
        keep(self.options, session, envelope)
        await pause(self.options, "late")
        return "250 2.0.0 taken"


def keep(options, session, envelope):
    """Whole, or not there; begins anew where the others were removed."""
    last = os.path.join(options.dir, "got", f"{options.count:05}.eml")
    options.count = options.count + 1 if os.path.exists(last) else 1
    name = os.path.join(options.dir, "got", f"{options.count:05}")
    with open(name + ".json", "w", encoding="ascii") as f:
        json.dump({"from": envelope.mail_from, "to": envelope.rcpt_tos,
                   "tls": session.ssl is not None,
                   "user": session.login_data}, f)
    with open(name + ".part", "wb") as f:
        f.write(envelope.original_content)
    os.rename(name + ".part", name + ".eml")


def note(options, line):
    """Adds a line to what was said."""
    with open(os.path.join(options.dir, "said"), "a", encoding="utf-8") as f:
        f.write(line.rstrip() + "\n")


async def pause(options, mode):
    """As long as that mode says."""
    for word, rest in modes(options):
        if word == mode:
            await asyncio.sleep(float(rest))


def modes(options):
    """The first word and the rest of each line of the mode."""
    try:
        with open(os.path.join(options.dir, "mode"), encoding="ascii") as f:
            return [(word, rest) for word, _, rest in
                    (line.strip().partition(" ") for line in f) if word]
    except FileNotFoundError:
        return []


def context(options, from_the_start):
    """TLS, where it is asked for."""
    if options.cert is None or options.tls != from_the_start:
        return None
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(options.cert, options.key)
    return made


def authenticator_of(options):
    """Who may log in."""
    def judge(_server, _session, _envelope, _mechanism, data):
        good = (data.login == options.user.encode() and
                data.password == options.password.encode())
        return AuthResult(success=good, handled=False,
                          auth_data=options.user)
    return judge if options.user is not None else None


async def serve(options):
    """For ever."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Sink(options), "127.0.0.1",
                                      options.port,
                                      ssl=context(options, True))
    port = server.sockets[0].getsockname()[1]
    with open(os.path.join(options.dir, "port.part"), "w",
              encoding="ascii") as f:
        f.write(str(port))
    os.rename(os.path.join(options.dir, "port.part"),
              os.path.join(options.dir, "port"))
    async with server:
        await server.serve_forever()


def main():
    """Reads the options."""
    parser = argparse.ArgumentParser()
    parser.add_argument("dir")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--user")
    parser.add_argument("--password")
    options = parser.parse_args()
    os.makedirs(os.path.join(options.dir, "got"), exist_ok=True)
    options.seen = {}
    options.count = sum(name.endswith(".eml") for name in
                        os.listdir(os.path.join(options.dir, "got")))
    options.authenticator = authenticator_of(options)
    asyncio.run(serve(options))


if __name__ == "__main__":
    main()
