package backfill

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// veil is what a town's master is shown of a mailbox.
type veil struct {
	Sight
	hides []string // folders
}

// veiled is a mailbox that a master opens.
type veiled struct {
	*fakeServer
	veil *veil
}

func (v *veiled) Sight(context.Context) (Sight, error) { return v.veil.Sight, nil }

func (v *veiled) Folders(ctx context.Context) ([]Folder, error) {
	fs, err := v.fakeServer.Folders(ctx)
	return slices.DeleteFunc(fs, func(f Folder) bool { return slices.Contains(v.veil.hides, f.Name) }), err
}

// TestSightDoubt is the table of what speaks for hidden folders.
func TestSightDoubt(t *testing.T) {
	for _, c := range []struct {
		s    Sight
		want string
	}{
		{Sight{}, ""},
		{Sight{Lists: true, Rights: "lrwstipekxacd"}, ""},
		{Sight{Lists: true, Rights: "lr"}, `but "lr"`},
		{Sight{Lists: true}, `but ""`},
		{Sight{Lists: true, Rights: "lra", Named: true}, "an entry of its own"},
		{Sight{Refused: true}, "does not show INBOX"},
		{Sight{Refused: true, Lists: true, Rights: "lra"}, "does not show INBOX"},
	} {
		if got := c.s.Doubt(); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%+v: %q, want %q", c.s, got, c.want)
		}
	}
}

// veilBed has a master who is shown INBOX alone of Ann's two folders.
func veilBed(t *testing.T, rights string) *loginBed {
	b := enrolBed(t, DestinationFirst, masterOf)
	b.dst.add(ann, "right")
	b.src.users[ann].add("Work").put("Subject: x\r\n\r\nx")
	b.src.veil = &veil{Sight: Sight{Lists: true, Rights: rights}, hides: []string{"Work"}}
	return b
}

// looked lists both sides anew and returns what is doubted.
func (b *loginBed) looked() (hidden string) {
	b.t.Helper()
	a, err := b.e.lookup(ann)
	if err != nil || a == nil {
		b.t.Fatal(a, err)
	}
	if err := a.refreshTree(b.t.Context(), 0); err != nil {
		b.t.Fatal(err)
	}
	if r := b.e.Status(); r.Done && r.Accounts[0].Hidden != "" {
		b.t.Errorf("the account is done, and %s", r.Accounts[0].Hidden)
	}
	g, err := a.gateState(b.t.Context(), b.e.started)
	if err != nil || g.Hidden != b.e.Status().Accounts[0].Hidden {
		b.t.Errorf("the gate is told %q, %v", g.Hidden, err)
	}
	return g.Hidden
}

// TestHiddenFolders: where a master user is shown a part, the doubt stands, also after a restart, until the mailbox is shown
// whole, or the admin says that it is all. The user's password for the new server is not told to the old one.
func TestHiddenFolders(t *testing.T) {
	t.Run("shown whole later", func(t *testing.T) {
		b := veilBed(t, "lr")
		if got := b.try(ann, "right"); got != "in" {
			t.Fatal(got)
		}
		for _, when := range []string{"at first", "after a restart"} {
			if got := b.looked(); !strings.Contains(got, `but "lr"`) {
				t.Errorf("%s %q", when, got)
			}
			b.again()
		}
		b.src.set(func() { b.src.veil.Sight.Rights, b.src.veil.hides = "lrwstipekxacd", nil })
		if got := b.looked(); got != "" {
			t.Errorf("still %q", got)
		}
	})
	t.Run("accepted", func(t *testing.T) {
		b := veilBed(t, "lr")
		b.src.users[ann].secret = "another one"
		if got := b.try(ann, "right"); got != "in" {
			t.Fatal(got)
		}
		for range 3 {
			if got := b.looked(); !strings.Contains(got, `but "lr"`) || !strings.Contains(got, "acl_user = %u") {
				t.Errorf("%q", got)
			}
		}
		if n := len(b.src.failed); n != 0 {
			t.Errorf("the old server refused %d logins: it was told a password that is none of its business", n)
		}
		if _, err := b.e.AcceptWhole("nobody@x.example"); err == nil {
			t.Error("nobody's mailbox was accepted")
		}
		if done, err := b.e.AcceptWhole(""); err != nil || !strings.Contains(done.Done, "1 mailboxes") {
			t.Errorf("%+v, %v", done, err)
		}
		if got := b.looked(); got != "" {
			t.Errorf("accepted, and %q", got)
		}
		b.again()
		if got := b.looked(); got != "" {
			t.Errorf("accepted, and after a restart %q", got)
		}
		if _, err := b.e.AcceptWhole(""); err == nil {
			t.Error("nothing was doubted, and accepted")
		}
		b.src.set(func() { b.src.veil.Sight.Rights = "l" })
		if got := b.looked(); !strings.Contains(got, `but "l"`) {
			t.Errorf("another doubt: %q", got)
		}
	})
	t.Run("nothing is shown", func(t *testing.T) {
		b := veilBed(t, "")
		b.src.veil.Sight.Refused = true
		if got := b.try(ann, "right"); got != "CONTACTADMIN" || b.want() != NeedHidden || len(b.records()) != 0 {
			t.Errorf("%s, needs %q, enrolled %d", got, b.want(), len(b.records()))
		}
		err := b.e.Enrol(t.Context(), []string{ann}, func(r Enrolled) error {
			if r.Did != EnrolWaits || !strings.Contains(r.Text, "does not show INBOX") || len(b.records()) != 0 {
				t.Errorf("%+v, enrolled %d", r, len(b.records()))
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		b.src.set(func() { b.src.veil = nil })
		if got := b.try(ann, "right"); got != "in" || b.want() != "" {
			t.Errorf("%s, needs %q", got, b.want())
		}
	})
	t.Run("nothing is shown any more", func(t *testing.T) {
		b := veilBed(t, "lrwstipekxacd")
		b.src.veil.hides = nil
		if got := b.try(ann, "right"); got != "in" {
			t.Fatal(got)
		}
		if got := b.looked(); got != "" {
			t.Errorf("%q", got)
		}
		b.src.set(func() { b.src.veil.Sight = Sight{Refused: true} })
		if got := b.looked(); !strings.Contains(got, "does not show INBOX") {
			t.Errorf("%q", got)
		}
	})
	t.Run("the user's own credentials", func(t *testing.T) {
		b := veilBed(t, "lr")
		b.opt.SourceCredentials = tableOf
		b.again()
		if got := b.try(ann, "right"); got != "in" || b.looked() != "" {
			t.Errorf("%s %q", got, b.looked())
		}
	})
}
