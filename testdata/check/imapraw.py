"""A small IMAP client that keeps bytes as they came and trusts nothing. For checks and for loading test mail."""
import calendar, hashlib, re, socket, ssl

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


class Imap:
    def __init__(self, port, host="127.0.0.1", tls=False, timeout=120):
        s = socket.create_connection((host, port), timeout)
        if tls:
            c = ssl.create_default_context()
            c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
            s = c.wrap_socket(s)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.s, self.f, self.n = s, s.makefile("rb", 1 << 16), 0
        self.greeting = self.f.readline()

    def answer(self):
        """one response as a list of (text, literal or None)"""
        parts = []
        while True:
            line = self.f.readline()
            if not line.endswith(b"\n"):
                raise EOFError("connection closed: %r" % line[:200])
            line = line.rstrip(b"\r\n")
            m = re.search(rb"\{(\d+)\}$", line)
            if not m:
                parts.append((line, None))
                return parts
            n = int(m.group(1))
            literal = self.f.read(n)
            if len(literal) != n:
                raise EOFError("literal cut: %d of %d bytes" % (len(literal), n))
            parts.append((line[:m.start()], literal))

    def until(self, tag):
        """reads to the tagged answer: (its text, the untagged ones before it)"""
        untagged = []
        while True:
            r = self.answer()
            if r[0][0].startswith(tag + b" "):
                return r[0][0][len(tag) + 1:], untagged
            untagged.append(r)

    def send(self, command):
        self.n += 1
        tag = b"k%d" % self.n
        self.s.sendall(tag + b" " + command)
        return tag

    def cmd(self, command):
        return self.until(self.send((command.encode() if isinstance(command, str) else command) + b"\r\n"))

    def ok(self, command):
        status, untagged = self.cmd(command)
        if not status.upper().startswith(b"OK"):
            raise RuntimeError("%r: %r" % (command[:80], status[:300]))
        return untagged

    def login(self, user, password):
        self.ok(b"LOGIN " + quote(user.encode()) + b" " + quote(password.encode()))
        self.caps = set(b" ".join(r[0][0] for r in self.ok("CAPABILITY")).upper().split())

    def list(self, command="LIST"):
        """(raw name, attributes in lower case, separator) of every folder"""
        out = []
        for r in self.ok(command + ' "" "*"'):
            m = re.match(rb'\* (?:LIST|LSUB) \(([^)]*)\) (NIL|"(?:\\.|[^"])*") ?(.*)$', r[0][0], re.I | re.S)
            if not m:
                continue
            name = r[0][1] if r[0][1] is not None else m.group(3)
            if r[0][1] is None and name.startswith(b'"'):
                name = re.sub(rb"\\(.)", rb"\1", name[1:-1])
            out.append((name, frozenset(m.group(1).lower().split()), re.sub(rb"\\(.)", rb"\1", m.group(2).strip(b'"'))))
        return out

    def examine(self, name):
        text = b"\n".join(r[0][0] for r in self.ok(b"EXAMINE " + quote(name)))

        def number(pattern):
            m = re.search(pattern, text, re.I)
            return int(m.group(1)) if m else None
        return {"exists": number(rb"\* (\d+) EXISTS"), "uidvalidity": number(rb"UIDVALIDITY (\d+)"), "uidnext": number(rb"UIDNEXT (\d+)")}

    def messages(self, bodies=True):
        """UID -> flags, date, size, sha256 of the folder that is selected"""
        out = {}
        for r in self.ok("UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE%s)" % (" BODY.PEEK[]" if bodies else "")):
            text = b" ".join(p for p, _ in r)
            uid, flags = re.search(rb"UID (\d+)", text), re.search(rb"FLAGS \(([^)]*)\)", text)
            date, size = re.search(rb'INTERNALDATE "([^"]*)"', text), re.search(rb"RFC822\.SIZE (\d+)", text)
            if not (uid and flags and date and size):
                continue
            body = next((lit for _, lit in r if lit is not None), b"" if re.search(rb'BODY\[\] ""', text) else None)
            out[int(uid.group(1))] = {
                "flags": frozenset(f.lower() for f in flags.group(1).split()) - {b"\\recent"},
                "date": epoch(date.group(1)), "size": int(size.group(1)),
                "sha": hashlib.sha256(body).hexdigest() if bodies and body is not None else None}
        return out


def quote(b):
    return b'"' + re.sub(rb'(["\\])', rb"\\\1", b) + b'"'


def epoch(date):
    m = re.match(rb" ?(\d+)-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)", date)
    day, month, year, h, mi, s, sign, zh, zm = m.groups()
    month = MONTHS.index(month.decode().title()) + 1
    t = calendar.timegm((int(year), month, int(day), int(h), int(mi), int(s)))
    zone = (int(zh) * 60 + int(zm)) * 60
    return t - zone if sign == b"+" else t + zone


def snapshot(port, user, password, bodies=True, **kw):
    """raw folder name -> uidvalidity, uidnext, messages; with '' -> names, attributes and subscriptions"""
    c = Imap(port, **kw)
    c.login(user, password)
    folders = c.list()
    out = {b"": {"folders": sorted((n, sorted(a - {b"\\marked", b"\\unmarked", b"\\haschildren", b"\\hasnochildren"})) for n, a, _ in folders),
                 "subscribed": sorted(n for n, _, _ in c.list("LSUB")), "sep": next((s for n, _, s in folders if n.upper() == b"INBOX"), b"/")}}
    for name, attrs, _ in folders:
        if attrs & {b"\\noselect", b"\\nonexistent"}:
            continue
        st = c.examine(name)
        st["messages"] = c.messages(bodies) if st["exists"] else {}
        if st["exists"] != len(st["messages"]):
            raise RuntimeError("%r: EXISTS says %s, FETCH gave %d" % (name, st["exists"], len(st["messages"])))
        out[name] = st
    c.cmd("LOGOUT")
    return out
