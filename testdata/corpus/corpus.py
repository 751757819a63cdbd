#!/usr/bin/env python3
"""Makes mailboxes from a seed and loads them. Python 3 and nothing else.

  corpus.py plan                          what would be made
  corpus.py imap --port P [--user U]      loads a server over IMAP (pipelined where it offers LITERAL+)
  corpus.py maildir --dir DIR             writes a Maildir++ tree for dovecot-source (fast for large ones)

Shape: --seed --folders --per-folder --mean --least --most --clean --nul --no-keywords --names plain|intl|odd
       --sep . --prefix INBOX. --other-sep /
--manifest FILE writes one JSON line a message: folder, mailbox, n, size, sha256, date, flags, kind."""
import argparse, base64, hashlib, json, os, pwd, sys, time
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "check")]
from imapraw import Imap, MONTHS, quote
from mail import Maker

DEFAULT = [["Sent"], ["Drafts"], ["Trash"], ["Spam"]]
PLAIN = [["Archive"], ["Archive", "2019"], ["Archive", "2020"], ["Projects"], ["Clients", "North"], ["Clients", "South", "Old"], ["Invoices"], ["Lists"]]
INTL = [["Khách hàng"], ["Hóa đơn", "Năm 2023"], ["Đã xử lý"], ["Rechnungen", "Größe & Maß"], ["Entwürfe alt"], ["R&D"], ["Łódź"], ["日本語フォルダ"],
        ["Projekte", "Müller", "Vertrag"], ["Ελληνικά"], ["العربية"], ["emoji 😀 box"], ["Q1 & Q2"]]
ODD = [['we"ird'], ["back\\slash"], ["100% sure"], ["~tilde"], ["#hash"], ["a  b"], ["(paren)"], ["{brace}"], ["-dash"], ["&"], ["x" * 120]]
MAILDIR_FLAG = {"\\Seen": "S", "\\Answered": "R", "\\Flagged": "F", "\\Deleted": "T", "\\Draft": "D"}


def mutf7(s):
    """modified UTF-7 (RFC 3501 5.1.3)"""
    out, run = [], []

    def flush():
        if run:
            out.append("&" + base64.b64encode("".join(run).encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-")
            run.clear()
    for c in s:
        if " " <= c <= "~":
            flush()
            out.append("&-" if c == "&" else c)
        else:
            run.append(c)
    flush()
    return "".join(out)


def folders(a):
    """paths, INBOX as the empty one; parents before children"""
    pool = DEFAULT + PLAIN
    if a.names != "plain":
        other = a.other_sep
        pool = DEFAULT + [x for pair in zip(INTL, PLAIN + INTL) for x in pair] + INTL + [["either%sor" % other], ["2019%s2020%sall" % (other, other)]]
        pool.insert(6, ["in%sout" % other])
    if a.names == "odd":
        pool = DEFAULT + ODD + pool
    out = [[]]
    for p in pool:
        if p not in out and not any(a.sep in part for part in p):
            out.append(p)
    k = 0
    while len(out) < a.folders:
        k += 1
        out.append(out[5 + k % 12][:4] + ["Sub %d" % k])
    return out[:a.folders]


def mailbox(a, path):
    return "INBOX" if not path else a.prefix + a.sep.join(mutf7(p) for p in path)


def messages(a):
    """(folder number, path, n, message)"""
    maker = Maker(a.seed, a.mean, a.least, a.most, a.clean, a.nul, a.keywords)
    for i, path in enumerate(folders(a)):
        before = []
        for n in range(a.per_folder):
            m = maker.make(i, n, before)
            before = (before + [m])[-20:]
            yield i, path, n, m


def note(a, out, path, n, m):
    if out:
        out.write(json.dumps({"folder": path, "mailbox": mailbox(a, path), "n": n, "size": len(m.bytes), "sha256": hashlib.sha256(m.bytes).hexdigest(),
                              "date": m.date, "flags": m.flags, "kind": m.kind}, ensure_ascii=False) + "\n")


def plan(a, manifest):
    count, total, kinds = 0, 0, {}
    for _, path, n, m in messages(a):
        count, total, kinds[m.kind] = count + 1, total + len(m.bytes), kinds.get(m.kind, 0) + 1
        note(a, manifest, path, n, m)
    for p in folders(a):
        print(mailbox(a, p), p)
    print("%d folders %d messages %d bytes %s" % (len(folders(a)), count, total, kinds))


def load(a, manifest):
    c = Imap(a.port, a.host, a.tls)
    c.login(a.user, a.password)
    start, count, total, refused, waiting = time.time(), 0, 0, [], []
    for path in folders(a)[1:]:
        name = quote(mailbox(a, path).encode())
        status = c.cmd(b"CREATE " + name)[0]  # default folders exist already: the APPEND will tell if it is really not there
        if b"exist" not in status.lower() and not status.upper().startswith(b"OK"):
            refused.append((mailbox(a, path), status))
        c.cmd(b"SUBSCRIBE " + name)

    def settle():
        for tag, what in waiting:
            status = c.until(tag)[0]
            if not status.upper().startswith(b"OK"):
                refused.append((what, status))
        waiting.clear()
    for _, path, n, m in messages(a):
        t = time.gmtime(m.date)
        date = "%2d-%s-%d %02d:%02d:%02d +0000" % (t.tm_mday, MONTHS[t.tm_mon - 1], t.tm_year, t.tm_hour, t.tm_min, t.tm_sec)
        head = b'APPEND %s (%s) "%s" {%d' % (quote(mailbox(a, path).encode()), " ".join(m.flags).encode(), date.encode(), len(m.bytes))
        what = "%s #%d %s" % (mailbox(a, path), n, m.kind)
        if b"LITERAL+" in c.caps:
            waiting.append((c.send(head + b"+}\r\n" + m.bytes + b"\r\n"), what))
        else:
            tag = c.send(head + b"}\r\n")
            r = c.answer()
            if r[0][0].startswith(b"+"):
                c.s.sendall(m.bytes + b"\r\n")
                waiting.append((tag, what))
            else:
                refused.append((what, r[0][0]))
        if len(waiting) >= 32 or b"LITERAL+" not in c.caps:
            settle()
        note(a, manifest, path, n, m)
        count, total = count + 1, total + len(m.bytes)
    settle()
    for r in refused[:20]:
        print("refused", r)
    print("imap: %d folders %d messages %d bytes in %.1f s, %d refused" % (len(folders(a)), count, total, time.time() - start, len(refused)))
    return 1 if refused and not a.refusals_ok else 0


def file_name(part):
    """a folder name as Dovecot's listescape plugin puts it on disk"""
    return "".join("\\%02x" % ord(c) if c in "./\\" or c == "~" and i == 0 else c for i, c in enumerate(mutf7(part)))


def maildir(a, manifest):
    owner = pwd.getpwnam(a.owner) if a.owner else None
    made, start, count, total = [], time.time(), 0, 0

    def keep(p):
        made.append(p)
        return p
    dirs = []
    for path in folders(a):
        for depth in range(len(path) + 1):
            d = os.path.join(a.dir, "." + ".".join(file_name(x) for x in path[:depth])) if depth else a.dir
            for sub in ("", "cur", "new", "tmp"):
                os.makedirs(keep(os.path.join(d, sub)), exist_ok=True)
            if depth:
                open(keep(os.path.join(d, "maildirfolder")), "a").close()
        dirs.append(d)
    keywords = [{} for _ in dirs]
    for i, path, n, m in messages(a):
        lf = m.bytes.replace(b"\r\n", b"\n")
        letters = "".join(sorted(MAILDIR_FLAG[f] for f in m.flags if f in MAILDIR_FLAG))
        letters += "".join(sorted(chr(97 + keywords[i].setdefault(f, len(keywords[i]))) for f in m.flags if f not in MAILDIR_FLAG))
        p = keep("%s/cur/%d.M%06dP%dQ%d.corpus,S=%d,W=%d:2,%s" % (dirs[i], m.date, n, i, a.seed, len(lf), len(m.bytes), letters))
        with open(p, "wb") as f:
            f.write(lf)
        os.utime(p, (m.date, m.date))
        note(a, manifest, path, n, m)
        count, total = count + 1, total + len(m.bytes)
    for d, words in zip(dirs, keywords):
        with open(keep(os.path.join(d, "dovecot-keywords")), "w") as f:
            f.writelines("%d %s\n" % (k, w) for w, k in words.items())
    with open(keep(os.path.join(a.dir, "subscriptions")), "w") as f:
        f.write("V\t2\n\n" + "".join("\t".join(file_name(x) for x in p) + "\n" for p in folders(a)[1:]))
    for p in made + [os.path.dirname(os.path.abspath(a.dir))]:
        if owner:
            os.chown(p, owner.pw_uid, owner.pw_gid)
    print("maildir: %d folders %d messages %d bytes in %.1f s" % (len(dirs), count, total, time.time() - start))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("verb", choices=["plan", "imap", "maildir"])
    g = p.add_argument
    for name, default in (("seed", 1), ("folders", 12), ("per-folder", 25), ("mean", 20000), ("least", 1000), ("most", 4 << 20)):
        g("--" + name, type=int, default=default)
    g("--names", choices=["plain", "intl", "odd"], default="intl")
    g("--clean", action="store_true", help="no broken or odd messages")
    g("--nul", action="store_true", help="some messages hold NUL")
    g("--no-keywords", dest="keywords", action="store_false")
    g("--sep", default=".")
    g("--prefix", help="default: INBOX. with separator '.', else nothing")
    g("--other-sep", help="the other side's separator, put into names; default: the other of . and /")
    g("--host", default="127.0.0.1")
    g("--port", type=int)
    g("--tls", action="store_true")
    g("--user", default="u0@example.test")
    g("--password", default="pw")
    g("--refusals-ok", action="store_true")
    g("--dir")
    g("--owner", default="mail", help="of the maildir; empty to leave it")
    g("--manifest")
    a = p.parse_args()
    if a.prefix is None:
        a.prefix = "INBOX." if a.sep == "." else ""
    a.other_sep = a.other_sep or ("/" if a.sep == "." else ".")
    manifest = open(a.manifest, "w", encoding="utf-8") if a.manifest else None
    status = {"plan": plan, "imap": load, "maildir": maildir}[a.verb](a, manifest)
    if manifest:
        manifest.close()
    sys.exit(status or 0)


if __name__ == "__main__":
    main()
