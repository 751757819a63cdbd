#!/usr/bin/env python3
"""Drives neomutt on a terminal of its own: the keys are pushed, so each waits for what the one before it does.

  neomutt.py PORT USER PASSWORD DIR

Works in the mailbox in some sittings with a header cache, and prints as JSON what one more sees: the messages of each
folder by what neomutt pipes of them, and which it takes for new, flagged, answered and deleted. Nothing in it is a UID
or a time of now, so that two runs can be compared. What neomutt says on its last line is kept in DIR/screen."""
import hashlib, imaplib, json, os, pty, re, select, signal, sys, time

port, user, password, base = sys.argv[1:]
os.makedirs(base, exist_ok=True)
SEPARATOR = "==== between two messages"
RC = f"""
set imap_user="{user}" imap_pass="{password}" imap_authenticators="login"
set ssl_starttls=no ssl_force_tls=no tunnel=""
set folder="imap://127.0.0.1:{port}/" spool_file="imap://127.0.0.1:{port}/INBOX"
set header_cache="{base}/headers" message_cachedir="{base}/messages" tmpdir="{base}"
set imap_check_subscribed=no mail_check=0 timeout=1
set delete=yes move=no quit=yes confirm_append=no confirm_create=no wait_key=no beep=no sleep_time=0 mark_old=no
set pipe_decode=no pipe_split=no pipe_sep="{SEPARATOR}\\n" copy=no sort=mailbox-order use_threads=flat from="a@example.test" realname="A"
bind editor " " noop
"""
LETTER = """From a@example.test Tue Mar  3 10:00:00 2020
From: a@example.test
To: b@example.test
Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?= 1
Message-ID: <neomutt.1@test>
Date: Tue, 03 Mar 2020 10:00:00 +0000

hello

"""
os.makedirs(os.path.join(base, "messages"), exist_ok=True)
with open(os.path.join(base, "mbox"), "w") as f:
    f.write(LETTER)
with open(os.path.join(base, "rc"), "w") as f:
    f.write(RC)


def sit(folder, keys, seconds=200):
    """one sitting: neomutt with a folder or a file open, these keys, and quitting"""
    folder = folder if folder.startswith("/") else f"imap://127.0.0.1:{port}/{folder.replace('%', '%25').replace(' ', '%20')}"
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm", HOME=base, LANG="C.UTF-8", LC_ALL="C.UTF-8", LINES="40", COLUMNS="120")
        os.execvp("neomutt", ["neomutt", "-n", "-F", os.path.join(base, "rc"), "-f", folder, "-e", f'push "{keys}<quit>"'])
    said, end = b"", time.time() + seconds
    while time.time() < end:
        if select.select([fd], [], [], 1)[0]:
            try:
                got = os.read(fd, 1 << 16)
            except OSError:
                break
            if not got:
                break
            said += got
    else:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise SystemExit(f"neomutt does not end, with {folder} open: ... {said[-2000:]!r}")
    with open(os.path.join(base, "screen"), "ab") as f:
        f.write(said)
    status = os.waitpid(pid, 0)[1]
    if status != 0:
        raise SystemExit(f"neomutt: status {status}: ... {said[-2000:]!r}")


KINDS = {"all": "~A", "new": "~U", "flagged": "~F", "answered": "~Q", "deleted": "~D"}


def see(names):
    """what neomutt shows of folders"""
    keys, file = "", lambda i, kind: os.path.join(base, f"pipe.{i}.{kind}")
    for i, name in enumerate(names):
        keys += f"<change-folder>={name}<enter>"
        for kind, pattern in KINDS.items():
            # where a pattern finds nothing, the keys up to end-cond are dropped
            keys += f"<tag-pattern>{pattern}<enter><tag-prefix-cond><pipe-message>cat >{file(i, kind)}<enter><end-cond><untag-pattern>~A<enter>"
    sit("INBOX", keys)
    out = {}
    for i, name in enumerate(names):
        out[name] = {kind: sums(file(i, kind)) for kind in KINDS}
    return out


def sums(file):
    """the messages that were piped into a file"""
    if not os.path.exists(file):
        return []
    with open(file, "rb") as f:
        messages = f.read().split(SEPARATOR.encode() + b"\n")
    if not messages[-1]:  # nothing is written after one that is alone
        messages.pop()
    return sorted(hashlib.sha256(m).hexdigest()[:16] for m in messages)


def utf8(name):
    """a name in modified UTF-7 as it is typed"""
    return re.sub("&([^-]*)-", lambda m: ("+" + m[1].replace(",", "/") + "-").encode().decode("utf-7") if m[1] else "&", name)


def main():
    # Mark, copy, save, delete.
    sit("INBOX", "<first-entry><flag-message><next-entry><copy-message>=Drafts<enter><next-entry><set-flag>r<next-entry>"
        "<save-message>=Deleted Items<enter><next-entry><delete-message><sync-mailbox>")
    sit(os.path.join(base, "mbox"), "<copy-message>=Sent Items<enter><copy-message>=INBOX<enter>")  # APPEND
    # What is in the header cache is used; several at once; a folder that is new; other folders in the same sitting.
    sit("INBOX", "<tag-pattern>~F|~Q<enter><tag-prefix><copy-message>=Neu<enter><untag-pattern>~A<enter><last-entry><clear-flag>N"
        "<previous-entry><set-flag>N<sync-mailbox><change-folder>=Neu<enter><last-entry><toggle-new><sync-mailbox>"
        "<change-folder>=INBOX<enter><limit>=b order<enter><limit>all<enter>")
    c = imaplib.IMAP4("127.0.0.1", int(port))
    c.login(user, password)
    names = sorted(utf8(re.search(rb'"/" (.*)$', l).group(1).decode().strip('"')) for l in c.list()[1] if b"\\noselect" not in l.lower())
    c.logout()
    print(json.dumps(see(names), indent=1))


main()
