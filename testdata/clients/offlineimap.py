#!/usr/bin/env python3
"""Drives offlineimap: two devices with a Maildir each, that keep one mailbox.

  offlineimap.py work PORT USER PASSWORD DIR    works on both devices and prints what they hold at the end
  offlineimap.py sync PORT USER PASSWORD DIR    synchronises the first device and prints what it holds
  offlineimap.py anew PORT USER PASSWORD DIR    the same, the device's folders begun anew, as is to be done when folders have settled

What is printed is JSON: "folders" (the messages in each, as sum and flags), "said" (complaints). Nothing in it is a
UID or a time, so that two runs can be compared. Ends with an error when the two devices differ."""
import hashlib, json, os, re, shutil, subprocess, sys

verb, port, user, password, base = sys.argv[1:]
os.makedirs(base, exist_ok=True)
TRASH, SENT = "Deleted Items", "Sent Items"
# imaplib2 starts to read before it expects a greeting: on a busy machine it misses one and waits until the server gives up.
PROGRAM = """import imaplib2, os, runpy, sys, time
read = imaplib2.IMAP4._reader
def reader(self):
    while "continuation" not in self.tagged_commands:
        time.sleep(0.001)
    read(self)
imaplib2.IMAP4._reader = reader
program = os.path.realpath("/usr/bin/offlineimap")
sys.path.insert(0, os.path.dirname(program))
runpy.run_path(program, run_name="__main__")
"""


class Device:
    def __init__(self, name):
        self.dir = os.path.join(base, name)
        self.mail = os.path.join(self.dir, "mail")
        os.makedirs(self.mail, exist_ok=True)

    def sync(self, fails=False):
        conf = os.path.join(self.dir, "rc")
        with open(conf, "w") as f:
            f.write(f"""[general]
accounts = a
metadata = {self.dir}/state
ui = basic
fsync = no
[Account a]
localrepository = l
remoterepository = r
maxconnections = 2
[Repository l]
type = Maildir
localfolders = {self.mail}
sep = /
[Repository r]
type = IMAP
remotehost = 127.0.0.1
remoteport = {port}
remoteuser = {user}
remotepass = {password}
auth_mechanisms = LOGIN
ssl = no
starttls = no
createfolders = True
subscribedonly = no
maxconnections = 2
""")
        p = subprocess.run(["/usr/bin/python3", "-c", PROGRAM, "-o", "-c", conf], capture_output=True, text=True, timeout=200, env={**os.environ, "HOME": self.dir})
        said = p.stdout + p.stderr
        wrong = [l.strip() for l in said.splitlines() if re.search(r"ERROR|WARNING|Traceback|Skipping|UID ?validity", l, re.I)]
        if (p.returncode != 0 or wrong) and not fails:
            raise SystemExit(f"offlineimap: exit code {p.returncode}\n{said}")
        self.copied = len(re.findall(r"^ *Copy message", said, re.M))
        return wrong

    def folder(self, name):
        """file path and flags of each message, in the order in which the server numbers them"""
        out = []
        for sub in "cur", "new":
            d = os.path.join(self.mail, name, sub)
            for f in os.listdir(d) if os.path.isdir(d) else []:
                uid = re.search(r",U=(\d+)", f)
                out.append((int(uid.group(1)) if uid else 1 << 40, os.path.join(d, f), f.partition(":2,")[2]))
        return sorted(out)

    def see(self):
        out = {}
        for d, dirs, _ in os.walk(self.mail):
            if "cur" in dirs:
                name = os.path.relpath(d, self.mail)
                out[name] = sorted([self.sum(path), "".join(sorted(flags))] for _, path, flags in self.folder(name))
        return out

    def sum(self, path):
        with open(path, "rb") as f:
            return hashlib.sha256(f.read()).hexdigest()[:16]

    def flag(self, message, flags):
        _, path, _ = message
        os.rename(path, os.path.join(os.path.dirname(os.path.dirname(path)), "cur", os.path.basename(path).partition(":2,")[0] + ":2," + "".join(sorted(flags))))

    def move(self, message, folder):
        _, path, flags = message
        name = re.sub(r",U=\d+,FMD5=[0-9a-f]+", "", os.path.basename(path).partition(":2,")[0])
        os.rename(path, os.path.join(self.mail, folder, "cur", "moved" + name + ":2," + flags))

    def deliver(self, folder, n, flags=""):
        with open(os.path.join(self.mail, folder, "cur", f"{n}.1.test:2,{flags}"), "wb") as f:
            f.write(f"From: a@example.test\nTo: b@example.test\nSubject: new {n}\nMessage-ID: <offlineimap.{n}@test>\n"
                    f"Date: Tue, 03 Mar 2020 10:00:00 +0000\n\nhello {n}\n".encode())

    def make(self, folder):
        for sub in "cur", "new", "tmp":
            os.makedirs(os.path.join(self.mail, folder, sub))


def work():
    here, there = Device("here"), Device("there")
    for d in here, there:
        d.sync()
    if here.see() != there.see():
        raise SystemExit("the devices differ from the beginning")
    inbox, other = here.folder("INBOX"), there.folder("INBOX")
    here.flag(inbox[0], "FS")
    here.flag(inbox[1], "")
    here.flag(inbox[2], "RS")
    here.move(inbox[3], TRASH)
    os.remove(inbox[4][1])
    here.deliver(SENT, 1, "S")
    here.make("M&APw-ller")
    here.make("Neu")
    here.deliver("Neu", 2)
    there.flag(other[5], "FS")
    there.move(other[6], SENT)
    os.remove(other[7][1])
    there.deliver("INBOX", 3, "F")
    for d in here, there, here:
        d.sync()
    there.sync()  # nothing is left to be done
    if there.copied:
        raise SystemExit(f"{there.copied} messages were copied again")
    if here.see() != there.see():
        raise SystemExit(f"the devices differ:\n{here.see()}\n{there.see()}")
    return here, []


def sync():
    d = Device("here")
    return d, d.sync(fails=True)


def anew():
    d = Device("here")
    shutil.rmtree(d.dir)
    d = Device("here")
    return d, d.sync()


device, said = {"work": work, "sync": sync, "anew": anew}[verb]()
json.dump({"folders": device.see(), "said": said, "copied": device.copied}, sys.stdout, indent=1)
