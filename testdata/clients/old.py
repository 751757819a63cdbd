"""An old mail program: runs the commands it reads from standard input, one JSON list a line, with imaplib.

["select", "INBOX"], ["uid", "STORE", "1", "+FLAGS", "(\\Deleted)"], ["expunge"], ["move", "3", "INBOX.Sub"],
["put", "INBOX", "Message-ID without angle brackets"], ["refused", "create", "INBOX"]; ["names", "lsub", "INBOX.", "*"] prints the
names that are listed, ["tree"] prints every folder's Message-IDs with their flags as one JSON object.
"""
import imaplib
import json
import re
import sys

port, user, password = sys.argv[1:4]
c = imaplib.IMAP4("127.0.0.1", int(port))
c.login(user, password)


def ok(answer):
    if answer[0] != "OK":
        raise SystemExit(f"{answer}")
    return answer[1]


def tree(phantoms=False):
    out = {}
    for line in ok(c.list()):
        name = re.search(rb'([^" ]+|"[^"]*")$', line).group(1).decode().strip('"')
        if b"\\noselect" in line.lower() or b"\\nonexistent" in line.lower():
            continue
        if c.select(f'"{name}"', readonly=True)[0] != "OK":
            if phantoms:
                continue  # Dovecot lists a deleted folder that has others below it
            return None  # renamed or deleted since it was listed
        out[name] = {}
        for part in ok(c.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")):
            if isinstance(part, tuple):
                flags = re.search(rb"FLAGS \(([^)]*)\)", part[0]).group(1).decode().split()
                id = re.search(rb"<([^>]*)>", part[1]).group(1).decode()
                out[name][id] = out[name].get(id, []) + [" ".join(sorted(f for f in flags if f != "\\Recent"))]
    return out


def settled_tree():
    for n in range(10):
        out = tree(phantoms=n > 4)
        if out is not None:
            return out
    raise SystemExit("the folders change all the time")


for line in sys.stdin:
    verb, *args = json.loads(line)
    if verb == "tree":
        print(json.dumps(settled_tree()))
    elif verb == "names":  # of a LIST or LSUB with a reference and a pattern
        lines = [l for l in ok(getattr(c, args[0])(f'"{args[1]}"', f'"{args[2]}"')) if l]
        print(json.dumps(sorted(re.search(rb'([^" ]+|"[^"]*")$', l).group(1).decode().strip('"') for l in lines)))
    elif verb == "refused":
        if getattr(c, args[0])(*args[1:])[0] != "NO":
            raise SystemExit(f"not refused: {args}")
    elif verb == "move":  # as programs do that know no MOVE
        ok(c.uid("COPY", args[0], f'"{args[1]}"'))
        ok(c.uid("STORE", args[0], "+FLAGS", "(\\Deleted)"))
        ok(c.expunge())
    elif verb == "put":
        ok(c.append(f'"{args[0]}"', None, None, f"Message-ID: <{args[1]}>\r\nSubject: {args[1]}\r\n\r\nhello\r\n".encode()))
    else:
        ok(getattr(c, verb)(*args))
c.logout()
