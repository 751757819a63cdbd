#!/usr/bin/env python3
"""A mail client on Python's own imaplib: does what a list says and tells what came of it.

  imap.py PORT USER PASSWORD < list.json > results.json

The list holds objects with "op": see, read, store, append, copy, move, trash (COPY, \\Deleted, UID EXPUNGE) or
delete, and what it takes: folder, uid, to, add, del, file, date, flags. A result has uid (the new one) or sum
(SHA-256 of the bytes read) or, for see, the whole mailbox. Anything but OK ends it."""
import hashlib, imaplib, json, re, sys, time


def quote(name):
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Client:
    def __init__(self, port, user, password):
        self.c = imaplib.IMAP4("127.0.0.1", port, timeout=60)
        self.c.login(user, password)
        self.folder = None

    def ok(self, answer, what):
        status, data = answer
        if status != "OK":
            raise RuntimeError("%s: %s %r" % (what, status, data))
        return data

    def select(self, folder, readonly=False):
        if self.folder != folder or readonly:
            self.ok(self.c.select(quote(folder), readonly), "SELECT " + folder)
            self.folder = None if readonly else folder

    def uid(self, *args):
        return self.ok(self.c.uid(*args), " ".join(args))

    def new_uid(self, code):
        """the UID that APPENDUID or COPYUID tells"""
        data = self.c.response(code)[1]
        return int(data[-1].split()[-1]) if data and data[-1] else 0

    def see(self, op):
        folders, separator = {}, None
        for line in self.ok(self.c.list(), "LIST"):
            text = (line[0] + b" " + line[1] if isinstance(line, tuple) else line).decode()
            attrs, separator, name = re.match(r'\(([^)]*)\) "(.)" (?:\{\d+\} )?(.*)$', text).groups()
            name = re.sub(r"\\(.)", r"\1", name[1:-1]) if name.startswith('"') else name
            if "\\noselect" not in attrs.lower() and "\\nonexistent" not in attrs.lower():
                folders[name] = self.see_folder(name)
        return {"separator": separator, "folders": folders}

    def see_folder(self, name):
        self.select(name, True)
        count = int(self.c.response("EXISTS")[1][-1])
        validity, following = (int(self.c.response(x)[1][-1]) for x in ("UIDVALIDITY", "UIDNEXT"))
        messages = {}
        data = self.uid("FETCH", "1:*", "(UID FLAGS INTERNALDATE BODY.PEEK[])") if count else []
        for i, item in enumerate(data):
            if not isinstance(item, tuple):
                continue
            text = item[0] + (data[i + 1] if i + 1 < len(data) and isinstance(data[i + 1], bytes) else b"")
            flags = sorted(f for f in re.search(rb"FLAGS \(([^)]*)\)", text).group(1).decode().lower().split() if f != "\\recent")
            messages[re.search(rb"UID (\d+)", text).group(1).decode()] = {
                "flags": " ".join(flags), "date": int(time.mktime(imaplib.Internaldate2tuple(text))),
                "size": len(item[1]), "sum": hashlib.sha256(item[1]).hexdigest()}
        if len(messages) != count:
            raise RuntimeError("%s: EXISTS says %d, FETCH gave %d" % (name, count, len(messages)))
        return {"uidvalidity": validity, "uidnext": following, "messages": messages}

    def read(self, op):
        return {"sum": hashlib.sha256(self.uid("FETCH", op["uid"], "(BODY[])")[0][1]).hexdigest()}

    def store(self, op):
        for sign in "add", "del":
            if op.get(sign):
                self.uid("STORE", op["uid"], "+-"[sign == "del"] + "FLAGS", "(" + " ".join(op[sign]) + ")")

    def append(self, op):
        with open(op["file"], "rb") as f:
            self.ok(self.c.append(quote(op["folder"]), "(" + " ".join(op.get("add", [])) + ")", time.localtime(op["date"]), f.read()), "APPEND")
        return {"uid": self.new_uid("APPENDUID")}

    def copy(self, op):
        self.uid("COPY", op["uid"], quote(op["to"]))
        return {"uid": self.new_uid("COPYUID")}

    def move(self, op):
        self.uid("MOVE", op["uid"], quote(op["to"]))
        return {"uid": self.new_uid("COPYUID")}

    def delete(self, op):
        self.uid("STORE", op["uid"], "+FLAGS", "(\\Deleted)")
        self.uid("EXPUNGE", op["uid"])

    def trash(self, op):
        out = self.copy(op)
        self.delete(op)
        return out


def main():
    imaplib.Commands.setdefault("MOVE", ("SELECTED",))
    client, out = Client(int(sys.argv[1]), *sys.argv[2:4]), []
    for op in json.load(sys.stdin):
        op["uid"] = str(op.get("uid", 0))
        if op["op"] not in ("see", "append"):
            client.select(op["folder"])
        out.append(getattr(client, op["op"])(op) or {})
    client.c.logout()
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    main()
