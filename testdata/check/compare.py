#!/usr/bin/env python3
"""Compares mailboxes by reading all of them, without any code of the project. Python 3 and nothing else.

  compare.py snapshot PORT USER PASSWORD FILE            writes what a server holds
  compare.py same FILE PORT USER PASSWORD                is the server as it was: names, attributes, subscriptions,
                                                         UIDVALIDITY, UIDs, flags, dates and bytes?
  compare.py sides SOURCE_PORT USER PASSWORD DEST_PORT USER PASSWORD [--map OLD=NEW]... [--ignore-flags] [--extra-ok]
                                                         does the destination hold every message of the source,
                                                         as often as there, with its bytes, flags and INTERNALDATE,
                                                         in the mapped folder?
  compare.py seen SOURCE_PORT USER PASSWORD PROXY_PORT USER PASSWORD [--map OLD=NEW]...
                                                         the same, and INBOX has the source's UIDVALIDITY and UIDs

Without --map the default folders of dovecot-source and dovecot-dest are mapped. Ports with a leading t use TLS.
The last line is 'ok ...' or 'FAIL ...'; exit status 0 or 1."""
import argparse, collections, os, pickle, sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from imapraw import snapshot

DEFAULT_MAP = ["INBOX.Drafts=Drafts", "INBOX.Sent=Sent Items", "INBOX.Trash=Deleted Items", "INBOX.Spam=Junk E-Mail"]


def read(port, user, password):
    return snapshot(int(port.lstrip("t")), user, password, tls=port.startswith("t"))


def mapped(name, pairs, old_sep, new_sep):
    """the destination's raw name of a raw source name: the longest mapped prefix, then the path"""
    for old, new in sorted(pairs, key=lambda p: -len(p[0])):
        if name == old or name.startswith(old + old_sep):
            return new + swap(name[len(old):], old_sep, new_sep)
    if name.upper() == b"INBOX":
        return b"INBOX"
    prefix = b"INBOX" + old_sep
    return swap(name[len(prefix):] if name.startswith(prefix) else name, old_sep, new_sep)


def swap(name, old_sep, new_sep):
    """the destination's separator inside a name is escaped in hex, the source's separator becomes the destination's"""
    if old_sep == new_sep:
        return name
    return name.replace(new_sep, b"=%02X" % new_sep[0]).replace(old_sep, new_sep)


def bag(messages, *keys):
    return collections.Counter(tuple(m[k] for k in keys) for m in messages)


def sides(src, dst, pairs, keys, extra_ok):
    """complaints; src and dst are snapshots"""
    want = collections.defaultdict(list)
    for name, f in src.items():
        if name:
            want[mapped(name, pairs, src[b""]["sep"], dst[b""]["sep"])] += f["messages"].values()
    bad = []
    for name, messages in want.items():
        have = dst.get(name, {"messages": {}})["messages"].values()
        if messages and name not in dst:
            bad.append("%r is not there (%d messages)" % (name, len(messages)))
            continue
        for what, k in [("bytes", ["sha"])] + [(x, ["sha", x]) for x in keys]:
            a, b = bag(messages, *k), bag(have, *k)
            if a - b:
                bad.append("%r: %s: %d of %d missing or different: %s" % (name, what, sum((a - b).values()), len(messages), list((a - b))[:2]))
            if what == "bytes" and b - a and not extra_ok:
                bad.append("%r: %d messages doubled or foreign" % (name, sum((b - a).values())))
    if not extra_ok:
        bad += ["%r holds %d messages that belong nowhere" % (n, len(f["messages"])) for n, f in dst.items() if n and n not in want and f["messages"]]
    return bad


def differences(before, now):
    bad = []
    for what in ("folders", "subscribed"):
        if before[b""][what] != now[b""][what]:
            bad.append("%s differ: %r" % (what, [x for x in before[b""][what] + now[b""][what] if (x in before[b""][what]) != (x in now[b""][what])][:5]))
    for name in sorted(set(before) | set(now)):
        if name and name in before and name in now and before[name] != now[name]:
            bad.append("%r changed: %s" % (name, [k for k in before[name] if before[name][k] != now[name].get(k)]))
    return bad


def count(snap):
    return sum(len(f["messages"]) for n, f in snap.items() if n)


def verdict(bad, text):
    for b in bad[:40]:
        print(b)
    print("FAIL: %d differences" % len(bad) if bad else "ok: " + text)
    sys.exit(1 if bad else 0)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("mode", choices=["snapshot", "same", "sides", "seen"])
    p.add_argument("args", nargs="+")
    p.add_argument("--map", action="append", default=[])
    p.add_argument("--ignore-flags", action="store_true")
    p.add_argument("--extra-ok", action="store_true")
    a = p.parse_args()
    if len(a.args) != {"snapshot": 4, "same": 4, "sides": 6, "seen": 6}[a.mode]:
        p.error("see the usage above")
    if a.mode == "snapshot":
        snap = read(*a.args[:3])
        with open(a.args[3], "wb") as f:
            pickle.dump(snap, f)
        verdict([], "%d messages in %d folders" % (count(snap), len(snap) - 1))
    if a.mode == "same":
        with open(a.args[0], "rb") as f:
            before = pickle.load(f)
        verdict(differences(before, read(*a.args[1:])), "unchanged, %d messages" % count(before))
    pairs = [tuple(x.encode() for x in m.split("=", 1)) for m in a.map or DEFAULT_MAP]
    src, dst = read(*a.args[:3]), read(*a.args[3:])
    bad = sides(src, dst, pairs, ["date"] + ([] if a.ignore_flags else ["flags"]), a.extra_ok)
    if a.mode == "seen":
        one, two = src[b"INBOX"], dst[b"INBOX"]
        if one["uidvalidity"] != two["uidvalidity"]:
            bad.append("INBOX UIDVALIDITY %s, source %s" % (two["uidvalidity"], one["uidvalidity"]))
        if {u: m["sha"] for u, m in one["messages"].items()} != {u: m["sha"] for u, m in two["messages"].items()}:
            bad.append("INBOX: the UIDs do not name the same messages")
    verdict(bad, "%d messages in %d folders" % (count(src), len(src) - 1))


if __name__ == "__main__":
    main()
