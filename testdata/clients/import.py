#!/usr/bin/env python3
"""import.py PORT USER PASSWORD DIR: puts what 'crossfade export' wrote for one account (DIR/messages.jsonl) into a mail
server on this machine, over IMAP: folders, flags, keywords, dates and bytes. It may be run once."""
import datetime, imaplib, json, os, sys

imaplib._MAXLINE = 10_000_000
port, user, password, directory = sys.argv[1:]
server = imaplib.IMAP4("127.0.0.1", int(port))
server.login(user, password)
made = set()
with open(os.path.join(directory, "messages.jsonl"), encoding="utf-8") as lines:
    for line in lines:
        m = json.loads(line)
        name = '"' + m["target"].replace("\\", "\\\\").replace('"', '\\"') + '"'
        if name not in made:
            made.add(name)
            server.create(name)  # it may be there
        with open(os.path.join(directory, m["file"]), "rb") as f:
            body = f.read()
        date = imaplib.Time2Internaldate(datetime.datetime.fromisoformat(m["date"]))
        flags = "(" + m["flags"] + ")"
        # imaplib's own append would make CRLF of every line end.
        server.literal = body
        said, words = server._simple_command("APPEND", name, flags, date)
        if said != "OK":
            sys.exit(f"{m}: {words}")
server.logout()
