#!/usr/bin/env python3
"""Drives Thunderbird, without a screen, over Marionette's socket.

  thunderbird.py PORT USER PASSWORD DIR

Makes a profile in DIR with one account, reads everything, works in it as a user would, and prints as JSON what Thunderbird
shows before and after: the messages of each folder with their bytes, flags and tags. Nothing in it is a UID, so that two
runs can be compared. What Thunderbird says is kept in DIR/log."""
import ctypes, json, os, signal, socket, subprocess, sys, time

port, user, password, base = sys.argv[1:]
base = os.path.abspath(base)  # with a home that is not, Thunderbird hangs
profile, letter = os.path.join(base, "profile"), os.path.join(base, "letter.eml")
script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "thunderbird.js")
os.makedirs(profile, exist_ok=True)
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    control = s.getsockname()[1]
SERVER = "mail.server.default."
PREFS = {
    "marionette.port": control,
    # messages come from the server each time, and nothing is done in the background
    SERVER + "using_subscription": False, SERVER + "autosync_offline_stores": False, SERVER + "offline_download": False,
    SERVER + "authMethod": 3, SERVER + "socketType": 0, SERVER + "spamLevel": 0, "mail.imap.mime_parts_on_demand": False,
    "mail.biff.show_alert": False, "mail.biff.play_sound": False, "mailnews.start_page.enabled": False,
    # nothing asks, nothing goes out
    "mail.provider.enabled": False, "mail.shell.checkDefaultClient": False, "mail.rights.version": 1, "mail.purge.ask": False,
    "app.update.enabled": False, "app.donation.eoy.version.viewed": 999, "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False, "services.settings.server": "", "extensions.update.enabled": False,
    "extensions.autoDisableScopes": 15, "signon.rememberSignons": False,
}
with open(os.path.join(profile, "user.js"), "w") as f:
    for name, value in PREFS.items():
        f.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")
with open(letter, "w", newline="\r\n") as f:
    f.write("From: a@example.test\nTo: b@example.test\nSubject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?= 1\nMessage-ID: <thunderbird.1@test>\n"
            "Date: Tue, 03 Mar 2020 10:00:00 +0000\n\nhello\n")


class Marionette:
    """one session: messages are LENGTH:[type, number, error, result]"""

    def __init__(self):
        end = time.time() + 240
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", control), timeout=430)
                break
            except OSError:
                if time.time() > end or browser.poll() is not None:
                    raise SystemExit("thunderbird does not start")
                time.sleep(0.1)
        self.buffer, self.n = b"", 0
        self.receive()
        self.say("WebDriver:NewSession")
        self.say("WebDriver:SetTimeouts", script=420000)
        self.say("Marionette:SetContext", value="chrome")

    def receive(self):
        while b":" not in self.buffer:
            self.more()
        n, _, self.buffer = self.buffer.partition(b":")
        while len(self.buffer) < int(n):
            self.more()
        message, self.buffer = self.buffer[:int(n)], self.buffer[int(n):]
        return json.loads(message)

    def more(self):
        got = self.socket.recv(1 << 16)
        if not got:
            raise SystemExit("thunderbird has gone")
        self.buffer += got

    def say(self, command, **args):
        self.n += 1
        message = json.dumps([0, self.n, command, args]).encode()
        self.socket.sendall(b"%d:%s" % (len(message), message))
        _, _, wrong, result = self.receive()
        if wrong:
            raise SystemExit(f"{command}: {wrong['error']}: {wrong['message']}\n{wrong['stacktrace']}")
        return result

    def script(self, text, *args):
        told = self.say("WebDriver:ExecuteAsyncScript", args=list(args), sandbox="system",
                        script="const done = arguments[arguments.length - 1]; (async (...args) => {" + text +
                               "})(...arguments).then((told) => done({told}), (e) => done({wrong: e + '\\n' + e.stack}))")["value"]
        if "wrong" in told:
            raise SystemExit(told["wrong"])
        return told["told"]


def dies_with_us():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


with open(os.path.join(base, "log"), "ab") as log:
    browser = subprocess.Popen(["thunderbird", "--headless", "--no-remote", "--marionette", "--remote-allow-system-access", "--profile", profile],
                               env={**os.environ, "HOME": base, "MOZ_HEADLESS": "1", "MOZ_CRASHREPORTER_DISABLE": "1"},
                               stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=dies_with_us)
try:
    with open(script) as f:
        told = Marionette().script(f.read(), int(port), user, password, letter)
finally:
    browser.terminate()
    try:
        browser.wait(20)
    except subprocess.TimeoutExpired:
        browser.kill()
        browser.wait()
print(json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True))
