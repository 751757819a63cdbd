// What Thunderbird does in thunderbird.py: the body of a function that is run with chrome privileges.
/* global args, ChromeUtils, Components, Services, Cc, Ci */
const [port, user, password, letter] = args;
const { MailServices } = ChromeUtils.importESModule('resource:///modules/MailServices.sys.mjs');
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

// Calls start with a listener and waits until Thunderbird tells it that the work is done.
const doing = (what, start) => new Promise((well, wrong) => {
  const end = (status) => (Components.isSuccessCode(status) ? well() : wrong(new Error(`${what}: ${status.toString(16)}`)));
  start({
    QueryInterface: ChromeUtils.generateQI(['nsIUrlListener', 'nsIMsgCopyServiceListener']),
    OnStartRunningUrl() {}, OnStopRunningUrl(url, status) { end(status); },
    onStartCopy() {}, onProgress() {}, setMessageKey() {}, getMessageId: () => null, onStopCopy: end,
  });
});
const until = async (what, is) => {
  for (let i = 0; i < 600; i++) {
    const got = await is();
    if (got) return got;
    await sleep(50);
  }
  throw new Error(`never: ${what}`);
};

// The account is made here and not by preferences, so that Thunderbird does nothing in it by itself when it starts.
function makeAccount() {
  const made = MailServices.accounts.createIncomingServer(user, '127.0.0.1', 'imap');
  made.loginAtStartUp = made.doBiff = false;
  const identity = MailServices.accounts.createIdentity(), account = MailServices.accounts.createAccount();
  identity.email = 'a@example.test';
  account.incomingServer = made;
  account.addIdentity(identity);
  // an INBOX is not opened where there are no Local Folders
  try { MailServices.accounts.localFoldersServer; } catch (e) { MailServices.accounts.createLocalMailAccount(); }
  return made;
}
const server = makeAccount();
server.port = port;
server.password = password;

const folders = () => server.rootFolder.descendants.filter((f) => !(f.flags & Ci.nsMsgFolderFlags.ImapNoselect));
const role = (flag) => folders().find((f) => f.flags & flag);
const messages = (f) => [...f.messages].sort((a, b) => a.messageKey - b.messageKey);
const update = (f) => doing(`update ${f.name}`, (l) => f.QueryInterface(Ci.nsIMsgImapMailFolder).updateFolderWithListener(null, l));

// The bytes of a message, as a sum.
const sum = (f, m) => new Promise((well, wrong) => {
  const chunks = [], uri = f.getUriForMsg(m);
  const listener = {
    QueryInterface: ChromeUtils.generateQI(['nsIStreamListener', 'nsIRequestObserver']),
    onStartRequest() {},
    onDataAvailable(request, stream, offset, count) {
      const s = Cc['@mozilla.org/binaryinputstream;1'].createInstance(Ci.nsIBinaryInputStream);
      s.setInputStream(stream);
      chunks.push(...s.readByteArray(count));
    },
    onStopRequest(request, status) {
      if (!Components.isSuccessCode(status)) return wrong(new Error(`${uri}: ${status.toString(16)}`));
      const h = Cc['@mozilla.org/security/hash;1'].createInstance(Ci.nsICryptoHash);
      h.init(h.SHA256);
      h.update(chunks, chunks.length);
      return well(`${chunks.length} ${h.finish(true)}`);
    },
  };
  MailServices.messageServiceFromURI(uri).streamMessage(uri, listener, null, null, false, '', false);
});

// Not Archive: Crossfade marks the folder of that name, the destination does not.
const ROLES = Ci.nsMsgFolderFlags.SpecialUse & ~Ci.nsMsgFolderFlags.Archive;

async function look() {
  const shown = {};
  for (const f of folders()) {
    await update(f);
    const list = [];
    for (const m of messages(f)) {
      list.push([m.mime2DecodedSubject, m.mime2DecodedAuthor, m.isRead ? 'read' : '', m.isFlagged ? 'flagged' : '',
        m.flags & Ci.nsMsgMessageFlags.Replied ? 'replied' : '', m.getStringProperty('keywords').split(' ').sort().join(' '), m.messageSize, await sum(f, m)].join(' | '));
    }
    shown[f.URI.replace(/^imap:\/\/[^/]*\//, '')] = { role: f.flags & ROLES, messages: list.sort() };
  }
  return shown;
}

// First of all the folders: else Thunderbird looks for them while it opens the first.
await doing('folders', (l) => MailServices.imap.discoverAllFolders(server.rootFolder, l, null));
await until('folders', () => folders().length >= 7 && folders().every((f) => f.QueryInterface(Ci.nsIMsgImapMailFolder).verifiedAsOnlineFolder));
const before = await look();

const inbox = role(Ci.nsMsgFolderFlags.Inbox), sent = role(Ci.nsMsgFolderFlags.SentMail), trash = role(Ci.nsMsgFolderFlags.Trash);
const list = messages(inbox);
if (list.length < 7) throw new Error(`INBOX has ${list.length} messages`); // Thunderbird crashes when it is given what is no message
inbox.markMessagesRead([list[0], list[1]], false);
inbox.markMessagesRead([list[2]], true);
inbox.markMessagesFlagged([list[1], list[2]], true);
inbox.addKeywordsToMessages([list[0], list[3]], '$label2');
inbox.addKeywordsToMessages([list[3]], 'projekt');
await doing('copy', (l) => MailServices.copy.copyMessages(inbox, [list[0], list[1], list[2]], sent, false, l, null, false));
await doing('move', (l) => MailServices.copy.copyMessages(inbox, [list[3], list[4]], sent, true, l, null, false));
await doing('delete', (l) => inbox.deleteMessages([list[5], list[6]], null, false, false, l, false));
const file = Cc['@mozilla.org/file/local;1'].createInstance(Ci.nsIFile);
file.initWithPath(letter);
await doing('append', (l) => MailServices.copy.copyFileMessage(file, sent, null, false, Ci.nsMsgMessageFlags.Read, '', l, null));
server.rootFolder.createSubfolder('Größe & Maß', null);
const made = await until('new folder', () => folders().find((f) => f.name === 'Größe & Maß'));
await update(sent);
await doing('copy to the new folder', (l) => MailServices.copy.copyMessages(sent, messages(sent).slice(0, 2), made, false, l, null, false));
await update(inbox);
await doing('compact', (l) => inbox.compact(l, null));
await update(trash);
return { before, after: await look() };
