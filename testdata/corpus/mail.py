"""Messages from a seed: the same seed gives the same bytes. Lines end in CRLF; only kind 'nul' holds NUL."""
import base64, calendar, math, random, time

WORDS = ("invoice meeting please find attached the quarterly report and let us know whether Friday works for you or shipment "
         "delayed order number regards thanks again sincerely contract draft version review comments server migration "
         "mailbox calendar travel hotel booking confirmation newsletter project milestone budget approved signature").split()
PEOPLE = ["Ann Example", "Bob Tester", "Claire Dupont", "D. Müller", "Nguyễn Thị Hạnh", "Иван Петров", "山田太郎"]
KEYWORDS = ["$Forwarded", "$Junk", "NonJunk", "$label1", "Work", "later", "$MDNSent"]
# kind: weight among a thousand messages
KINDS = {"text": 330, "alt": 200, "attach": 180, "utf8": 60, "latin": 30, "longline": 15, "nested": 20, "nomid": 30, "dupmid": 20,
         "raw8": 25, "rawlatin": 10, "badheader": 20, "nobody": 8, "openmime": 10, "bigheader": 7, "odddate": 15, "twin": 20, "same": 20}
BAD_LINES = [b"This line has no colon at all", b"X-Empty:", b": no name", b"X-Ctl: a\x01\x02\x7fb", b"X Space In Name: v",
             b">From mailer@sender.test Thu Jan  1 00:00:00 2004"]
DAY = "Mon Tue Wed Thu Fri Sat Sun".split()
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


class Message:
    def __init__(self, kind, head, body, date, flags):
        self.kind, self.head, self.body, self.date, self.flags = kind, head, body, date, flags
        self.bytes = b"\r\n".join(head) + b"\r\n\r\n" + body


class Maker:
    """makes messages; folder and n choose the random numbers, so that every message can be made alone"""

    def __init__(self, seed, mean=20000, least=1000, most=4 << 20, clean=False, nul=False, keywords=True):
        self.seed, self.mean, self.least, self.most, self.keywords = seed, mean, least, most, keywords
        self.kinds = {k: KINDS[k] for k in ("text", "alt", "attach")} if clean else dict(KINDS)
        if nul:
            self.kinds["nul"] = 10
        r = random.Random(seed)
        self.text = b"".join(b" ".join(r.choice(WORDS).encode() for _ in range(r.randint(6, 11))) + b"\r\n" for _ in range(12000))
        self.utf8 = self.text[:300000].replace(b"report", "Größe".encode()).replace(b"order", "đơn hàng".encode()).replace(b"project", "проект".encode())
        self.latin = self.text[:300000].replace(b"report", b"Gr\xf6\xdfe").replace(b"order", b"\xe9t\xe9")
        self.base64 = b"".join(base64.b64encode(r.randbytes(57)) + b"\r\n" for _ in range(20000))

    def make(self, folder, n, before):
        """before: the messages of this folder so far, for twins and repetitions"""
        r = random.Random((self.seed << 40) ^ (folder << 24) ^ n)
        kind = r.choices(list(self.kinds), list(self.kinds.values()))[0]
        if kind in ("twin", "same", "dupmid") and not before:
            kind = "text"
        if kind == "same":  # every byte, date and flag of another message: one must not be taken for the other
            m = r.choice(before[-20:])
            return Message(kind, m.head, m.body, m.date, list(m.flags))
        if kind == "twin":  # equal header, other body of the same length
            m = r.choice(before[-20:])
            return Message(kind, m.head, self.cut(r, self.text, len(m.body)), m.date, self.flags(r))
        date = calendar.timegm((2003, 1, 1, 0, 0, 0)) + r.randrange(20 * 365 * 86400)
        mid = b"<%d.%d.%08x@corpus%d.test>" % (folder, n, r.getrandbits(32), self.seed)
        head = self.header(r, kind, mid, date, before)
        head, body = self.body(r, kind, head)
        arrival = date + (r.randrange(600) if r.random() < .9 else r.randrange(2 * 365 * 86400))  # never in the future: Dovecot makes that now
        if kind == "odddate":
            arrival = r.choice([86400, 951782400, 68169599, 1330473600, 1119744000])  # 1970, leap days, a summer
        return Message(kind, head, body, arrival, self.flags(r))

    def size(self, r):
        mu = math.log(self.mean) - 1.1  # the mean of a lognormal with sigma 1.5 is exp(mu + sigma²/2)
        return int(min(max(r.lognormvariate(mu, 1.5), self.least), self.most))

    def flags(self, r):
        out = [f for f, p in (("\\Seen", .7), ("\\Answered", .15), ("\\Flagged", .06), ("\\Draft", .01)) if r.random() < p]
        if self.keywords and r.random() < .12:
            out += r.sample(KEYWORDS, r.randint(1, 3))
        return out

    @staticmethod
    def cut(r, pool, n):
        """n bytes from a line start, the last two CRLF"""
        if n < 2:
            return b"x" * n
        at = pool.index(b"\r\n", r.randrange(len(pool) // 2)) + 2
        out = (pool[at:at + n] * (n // max(1, min(n, len(pool) - at)) + 1))[:n - 2]
        return out[:-1] + b"." + b"\r\n" if out[-1:] == b"\r" else out + b"\r\n"

    def header(self, r, kind, mid, date, before):
        def enc(s):
            if s.isascii():
                return s.encode()
            if kind == "raw8":
                return s.encode()
            if kind == "rawlatin":
                return s.encode("latin-1", "replace")
            return b"=?UTF-8?B?" + base64.b64encode(s.encode()) + b"?="
        t = time.gmtime(date)
        stamp = "%s, %d %s %d %02d:%02d:%02d %s" % (DAY[t.tm_wday], t.tm_mday, MONTHS[t.tm_mon - 1], t.tm_year, t.tm_hour, t.tm_min, t.tm_sec,
                                                  r.choice(["+0000", "-0500", "+0200", "+0545", "GMT"]))
        head = [b"Received: from mx%d.sender.test by mail.example.test; %s" % (r.randrange(9), stamp.encode()),
                b"From: " + enc(r.choice(PEOPLE)) + b" <p%d@sender.test>" % r.randrange(99), b"To: u@example.test",
                b"Subject: " + enc(r.choice(["", "Re: ", "AW: ", "Größe: ", "Trả lời: "]) + " ".join(r.choices(WORDS, k=r.randint(2, 8)))),
                b"Date: " + (b"yesterday, around noon" if kind == "odddate" else stamp.encode())]
        if kind == "dupmid":
            mid = next((h[12:] for h in r.choice(before[-20:]).head if h.startswith(b"Message-ID: ")), mid)
        if kind != "nomid":
            head.append(b"Message-ID: " + mid)
        if kind == "badheader":
            head.insert(r.randrange(1, len(head)), r.choice(BAD_LINES))
        if kind == "bigheader":
            head += [b"X-Long: " + b"v" * 12000, b"Cc: " + b",\r\n ".join(b"<r%d@example.test>" % k for k in range(400))]
        return head + [b"MIME-Version: 1.0"]

    def body(self, r, kind, head):
        bound = b"=_b%016x" % r.getrandbits(64)
        room = max(20, self.size(r) - sum(len(h) + 2 for h in head))
        text, plain = lambda n: self.cut(r, self.text, max(20, n)), b"Content-Type: text/plain; charset="
        multi = b'Content-Type: multipart/%s; boundary="' + bound + b'"'
        if kind == "nobody":
            return head, b""
        if kind == "utf8":
            return head + [plain + b"utf-8", b"Content-Transfer-Encoding: 8bit"], self.cut(r, self.utf8, room)
        if kind == "latin":
            return head + [plain + b"iso-8859-1", b"Content-Transfer-Encoding: 8bit"], self.cut(r, self.latin, room)
        if kind == "longline":
            return head + [b"Content-Type: text/html"], b"<html>" + text(room).replace(b"\r\n", b" ") + b"</html>\r\n"
        if kind == "nul":
            return head + [plain + b"us-ascii"], b"before\0after\r\n" + text(room)
        if kind == "alt":
            part = b"--%s\r\nContent-Type: text/%s; charset=us-ascii\r\n\r\n%s"
            return head + [multi % b"alternative"], part % (bound, b"plain", text(room // 3)) + part % (bound, b"html", b"<p>\r\n" + text(room * 2 // 3)) + b"--%s--\r\n" % bound
        if kind == "nested":
            inner = b"From: a@sender.test\r\nSubject: inner\r\n\r\n" + text(room)
            return head + [multi % b"mixed"], b"--%s\r\nContent-Type: message/rfc822\r\n\r\n%s\r\n--%s--\r\n" % (bound, inner, bound)
        if kind in ("attach", "openmime"):
            out = b"--%s\r\n%sus-ascii\r\n\r\n%s" % (bound, plain, text(min(1200, room // 4)))
            name = r.choice([b'filename="report.pdf"', b"filename*=utf-8''Gr%C3%B6%C3%9Fe.pdf", b"filename*=utf-8''H%C3%B3a%20%C4%91%C6%A1n.pdf"])
            out += b"\r\n--%s\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; %s\r\n\r\n%s" % (
                bound, name, self.cut(r, self.base64, max(20, room - len(out))))
            return head + [multi % b"mixed"], out + (b"\r\n--%s--\r\n" % bound if kind == "attach" else b"")
        return head + [plain + b"us-ascii"], text(room)
