//go:build integration

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crossfade/internal/imapwire"
	"crossfade/internal/testbed"
)

// localized is a mailbox in one language: its default folders, and folders of its user's own, some of which look like
// default ones.
type localized struct {
	lang                      string
	drafts, sent, trash, junk string
	custom                    []string
}

func localizedMailboxes() []localized {
	return []localized{
		{"vi", "Thư nháp", "Đã gửi", "Thùng rác", "Thư rác", []string{"Khách hàng (2019)", "Đã gửi cho khách", "Hóa đơn", "Hóa đơn.Đã gửi"}},
		{"ar", "المسودات", "البريد المرسل", "المهملات", "الرسائل غير المرغوب فيها", []string{"العملاء", "المرسل إلى الشركة", "مشاريع.2019"}},
		{"ja", "下書き", "送信済みアイテム", "削除済みアイテム", "迷惑メール", []string{"顧客", "送信済みの請求書", "Ｗｉｄｅ　ｎａｍｅ"}},
		{"de", "Entwürfe", "Gesendete Elemente", "Gelöschte Elemente", "Junk-E-Mail", []string{"Vorlagen Müller", "Spam-Statistik", "R&D", "Entwu\u0308rfe Vertrag"}},
		{"tr", "Taslak", "Gönderilmiş", "Çöp", "İstenmeyen", []string{"Müşteriler", "IŞIK ışık", "Gönderilmiş faturalar"}},
		{"eu", "Zirriborroak", "Bidalitakoak", "Zakarrontzia", "Zabor-posta", []string{"Bezeroak", "Bidalitakoak 2019 urtea"}},
		{"th", "กล่องจดหมายร่าง", "ส่งแล้ว", "ถังขยะ", "กล่องจดหมายขยะ", []string{"ลูกค้า", "ถังขยะรีไซเคิล"}},
		{"he", "טיוטות", "פריטים שנשלחו", "פריטים שנמחקו", "דואר זבל", []string{"לקוחות", "פריטים שנשלחו ללקוח"}},
	}
}

// folders are all folders of the mailbox but INBOX, and the destination's folder of each default one.
func (l localized) folders() (all []string, role map[string]string) {
	role = map[string]string{
		l.drafts: "Brouillons", l.sent: "Éléments envoyés", l.trash: "Éléments supprimés", l.junk: "Courrier indésirable",
	}
	return append([]string{l.drafts, l.sent, l.trash, l.junk}, l.custom...), role
}

// fill makes the folders on the old server, below its prefix and without any attribute, with one message each.
func (l localized) fill(t *testing.T, addr, user string) {
	t.Helper()
	c, err := dialGoAs(addr, user, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	all, _ := l.folders()
	for _, f := range all {
		if err := c.Create("INBOX."+f, nil).Wait(); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
	}
	for _, f := range append(all, "") {
		l.put(t, c, strings.TrimSuffix("INBOX."+f, "."), "in "+f)
	}
}

func (l localized) put(t *testing.T, c *goClient, folder, subject string) {
	t.Helper()
	msg := fmt.Sprintf("Message-ID: <%x@example.test>\r\nFrom: a@example.test\r\nSubject: x\r\n\r\n%s\r\n", subject, subject)
	cmd := c.Append(folder, int64(len(msg)), nil)
	if _, err := cmd.Write([]byte(msg)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.Wait(); err != nil {
		t.Fatalf("APPEND to %s: %v", folder, err)
	}
}

// TestLocalized: mailboxes in eight languages move to a server whose own folders are French. Default folders' mail lands
// in the French ones, all others keep their names to the byte, nothing that means the same is made, and the old names
// still lead there.
func TestLocalized(t *testing.T) {
	for name, env := range map[string]string{"told by attributes": "CROSSFADE_DEST_SPECIALUSE=yes", "told by names alone": "CROSSFADE_DEST_SPECIALUSE=no"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bed := testbed.Start(t, []string{"CROSSFADE_SOURCE_DEFAULTS=no", "CROSSFADE_DEST_LANGUAGE=fr", env}, testbed.Source, testbed.Dest)
			source, dest := bed.Server(testbed.Source), bed.Server(testbed.Dest)
			p := proxyBetween(t, bed, source.PlainURL(), dest.PlainURL())
			p.start(t)
			password := filepath.Join(t.TempDir(), "password")
			if err := os.WriteFile(password, []byte(testbed.Pass+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			sent := 0
			for i, l := range localizedMailboxes() {
				all, _ := l.folders()
				sent += len(all) + 1
				l.fill(t, source.Addr, testbed.User(i))
				l.planned(t, testbed.User(i), "plan", "--json", "--source", source.PlainURL(), "--destination", dest.PlainURL(),
					"--user", testbed.User(i), "--password-file", password)
				enrolAs(t, p.imap, testbed.User(i))
			}
			p.settle(t, sent)
			for i, l := range localizedMailboxes() {
				t.Run(l.lang, func(t *testing.T) { l.arrived(t, p, source, dest, testbed.User(i)) })
			}
			p.stop(t)
		})
	}
}

// planned compares what plan says of a mailbox before it moves.
func (l localized) planned(t *testing.T, user string, command ...string) {
	t.Helper()
	code, out, errs := call(command...)
	if code != exitWell || errs != "" {
		t.Fatalf("plan: %d %s", code, errs)
	}
	all, role := l.folders()
	told := map[string]planLine{}
	for line := range strings.Lines(out) {
		var p planLine
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatal(err)
		}
		told[p.Path] = p
	}
	for _, f := range all {
		p := told["INBOX."+f]
		if to := role[f]; to != "" && (p.Destination != to || p.Role == "" || p.Kind != "existing") || to == "" && p.Role != "" {
			t.Errorf("plan of %s: %+v", user, p)
		}
	}
}

// arrived compares what one mailbox has become, then uses the old names.
func (l localized) arrived(t *testing.T, p *proxyProcess, source, dest *testbed.Server, user string) {
	all, role := l.folders()
	below, above := snapshotOf(t, source.Addr, user), snapshotOf(t, dest.Addr, user)
	var want []string
	for _, f := range all {
		to := role[f]
		if to == "" {
			to = strings.ReplaceAll(f, ".", "/")
		}
		want = append(want, to)
		if got, old := bodies(above, to), bodies(below, "INBOX."+f); !slices.Equal(got, old) || len(got) != 1 {
			t.Errorf("%s is %q with %q, and was %q", f, to, got, old)
		}
	}
	for raw := range above.Folders {
		if name := imapwire.DecodeMailbox(raw); name != "INBOX" && !slices.ContainsFunc(want, func(w string) bool { return w == name || strings.HasPrefix(w, name+"/") }) {
			t.Errorf("%q is there, too", name)
		}
	}
	c, err := dialGoAs(p.imap, user, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	l.put(t, c, "INBOX."+l.sent, "new")
	if data, err := c.Select("INBOX."+l.sent, nil).Wait(); err != nil || data.NumMessages != 2 {
		t.Errorf("under its old name: %+v, %v", data, err)
	}
	if got := bodies(snapshotOf(t, dest.Addr, user), role[l.sent]); len(got) != 2 {
		t.Errorf("%d messages in %s after an APPEND under the old name", len(got), role[l.sent])
	}
}

// bodies are the sums of a folder's messages, sorted; nil if there is no folder of that name.
func bodies(s testbed.Snapshot, name string) (sums []string) {
	for raw, f := range s.Folders {
		if imapwire.DecodeMailbox(raw) != name {
			continue
		}
		for _, m := range f.Messages {
			sums = append(sums, m.Sum)
		}
	}
	slices.Sort(sums)
	return sums
}
