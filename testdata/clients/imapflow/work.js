#!/usr/bin/env node
// A mail client on imapflow, as webmail and helpdesk programs use it: works in a mailbox that holds the test corpus and
// prints, one JSON line each, what it was told. No line holds a UID, a time or a server's name, so that two runs can be
// compared; that UIDs agree with each other is checked here.
//
//   NODE_PATH=node_modules node work.js PORT USER PASSWORD
'use strict';
const assert = require('assert');
const { createHash } = require('crypto');
const { ImapFlow } = require('imapflow');

const [port, user, pass] = process.argv.slice(2);
const say = (what, told) => console.log(JSON.stringify({ what, told }));
const sum = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);
const client = () => new ImapFlow({ host: '127.0.0.1', port, secure: false, doSTARTTLS: false, auth: { user, pass }, logger: false });

// What a message is to its user: bytes and flags, without \Recent.
const shown = (m) => ({ sum: sum(m.source), size: m.size, flags: [...m.flags].filter((f) => f !== '\\Recent').map((f) => f.toLowerCase()).sort(),
  subject: m.envelope.subject, from: (m.envelope.from || []).map((a) => a.address), type: m.bodyStructure.type, date: m.internalDate.toISOString() });

// Runs with a folder open and closes it.
async function inside(c, folder, work) {
  const lock = await c.getMailboxLock(folder);
  try { return await work(c.mailbox); } finally { lock.release(); }
}

const all = async (c) => {
  const out = [];
  if (c.mailbox.exists === 0) return out;
  for await (const m of c.fetch('1:*', { uid: true, flags: true, size: true, envelope: true, bodyStructure: true, internalDate: true, source: true })) out.push(m);
  out.sort((a, b) => a.uid - b.uid); // FETCH may be answered in any order
  return out;
};

async function look(c, when) {
  const folders = (await c.list({ statusQuery: { messages: true, unseen: true, uidNext: true, uidValidity: true } })).filter((f) => !f.flags.has('\\Noselect') && !f.flags.has('\\NonExistent'));
  folders.sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const f of folders) {
    await inside(c, f.path, async (box) => {
      const messages = await all(c);
      assert.strictEqual(messages.length, f.status.messages, f.path);
      assert.strictEqual(box.uidValidity, f.status.uidValidity, f.path);
      assert.ok(messages.every((m, i) => m.uid < box.uidNext && (i === 0 || m.uid > messages[i - 1].uid)), f.path);
      say(when, { folder: f.path, use: f.specialUse, unseen: f.status.unseen, messages: messages.map(shown).map((m) => JSON.stringify(m)).sort() });
    });
  }
  return folders;
}

async function main() {
  const c = client();
  const other = client();
  await c.connect();
  await other.connect();
  const folders = await look(c, 'before');
  const role = (use) => folders.find((f) => f.specialUse === use).path;
  const sent = role('\\Sent'), trash = role('\\Trash');
  const text = (n) => `From: a@example.test\r\nTo: b@example.test\r\nSubject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?= ${n}\r\nMessage-ID: <imapflow.${n}@test>\r\nDate: Tue, 03 Mar 2020 10:00:00 +0000\r\n\r\nhello ${n}\r\n`;

  // A second connection idles in INBOX and hears what the first one does.
  await other.mailboxOpen('INBOX');
  const heard = { exists: [], expunge: 0, flags: 0 };
  other.on('exists', (e) => heard.exists.push(e.count));
  other.on('expunge', () => heard.expunge++);
  other.on('flags', () => heard.flags++);
  const idle = other.idle();
  const heardAll = async (what, is) => {
    for (let i = 0; i < 600 && !is(); i++) await new Promise((r) => setTimeout(r, 100));
    say(what, is());
  };

  await inside(c, 'INBOX', async () => {
    const list = await all(c);
    const uid = (i) => list[i].uid;
    say('flags', await c.messageFlagsAdd(`${uid(0)},${uid(1)}`, ['\\Flagged', '$Forwarded', 'Project'], { uid: true }));
    say('flags', await c.messageFlagsRemove({ uid: `${uid(0)}:${uid(3)}` }, ['\\Seen']));
    say('flags', await c.messageFlagsSet(`${uid(2)}`, ['\\Answered', '\\Seen'], { uid: true }));
    await heardAll('the other one heard flags', () => heard.flags > 0);
    const found = await c.search({ keyword: 'Project' }, { uid: true });
    assert.deepStrictEqual(found, [uid(0), uid(1)]);
    say('search', [(await c.search({ seen: false })).length, (await c.search({ since: new Date(0), larger: 2000 })).length, (await c.search({ or: [{ flagged: true }, { answered: true }] })).length]);

    const copied = await c.messageCopy(`${uid(0)}:${uid(2)}`, sent, { uid: true });
    say('copied', { to: copied.destination, n: copied.uidMap ? copied.uidMap.size : 0 });
    const moved = await c.messageMove(`${uid(3)},${uid(5)}`, trash, { uid: true });
    say('moved', { to: moved.destination, n: moved.uidMap ? moved.uidMap.size : 0 });
    say('deleted', await c.messageDelete(`${uid(6)}`, { uid: true }));
    await heardAll('the other one heard expunges', () => heard.expunge === 3);
    const part = await c.download(`${uid(7)}`, '1', { uid: true });
    const chunks = [];
    for await (const chunk of part.content) chunks.push(chunk);
    say('part', { type: part.meta.contentType, sum: sum(Buffer.concat(chunks)) });
    const left = await all(c);
    assert.deepStrictEqual(left.map((m) => m.uid), list.map((m) => m.uid).filter((u) => ![uid(3), uid(5), uid(6)].includes(u)));
    // where they went, by the UIDs that COPYUID told
    return { copied: copied.uidMap && [...copied.uidMap], moved: moved.uidMap && [...moved.uidMap], by: new Map(list.map((m) => [m.uid, sum(m.source)])) };
  }).then(async ({ copied, moved, by }) => {
    for (const [folder, map] of [[sent, copied], [trash, moved]]) {
      await inside(c, folder, async () => {
        for (const [from, to] of map) {
          const m = await c.fetchOne(`${to}`, { uid: true, source: true }, { uid: true });
          assert.strictEqual(m && sum(m.source), by.get(from), `${folder} UID ${to}`);
        }
      });
    }
  });

  const appended = await c.append('INBOX', text(1), ['\\Seen', '\\Flagged'], new Date('2020-03-03T10:00:00Z'));
  await c.append(sent, text(2), ['\\Seen'], new Date('2020-03-03T10:00:00Z'));
  await heardAll('the other one heard new mail', () => heard.exists.includes(other.mailbox.exists) && heard.exists.length > 0);
  await inside(c, 'INBOX', async () => {
    assert.deepStrictEqual(await c.search({ header: { 'message-id': '<imapflow.1@test>' } }, { uid: true }), [appended.uid]);
  });
  const made = await c.mailboxCreate(['Müller', 'Größe & Maß']);
  await c.append(made.path, text(3), [], new Date('2020-03-03T10:00:00Z'));
  say('made', made.created);
  await c.mailboxRename(['Müller', 'Größe & Maß'], ['Müller', 'Alt']);
  await c.mailboxSubscribe('Müller/Alt');
  await c.mailboxCreate('Gone');
  await c.mailboxDelete('Gone');
  say('no such folder', await c.mailboxOpen('Nowhere').then(() => 'opened', (e) => e.responseStatus));
  const status = await c.status('Müller/Alt', { messages: true, unseen: true });
  say('status', [status.messages, status.unseen]);
  await look(c, 'after');
  await other.noop();
  await idle;
  await other.logout();
  await c.logout();
}

main().catch((e) => { console.error(e.stack, e.responseText || '', JSON.stringify(e.executedCommand || '')); process.exit(1); });
