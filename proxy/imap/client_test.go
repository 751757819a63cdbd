package imap

import (
	"fmt"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
)

// must stops the test on an error.
func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// TestOtherClient talks to the server with a client that is not our own code.
func TestOtherClient(t *testing.T) {
	a := standard()
	changes := make(chan string, 10)
	c := must[*imapclient.Client](t)(imapclient.DialInsecure(start(t, a, nil), &imapclient.Options{
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{
			Expunge: func(n uint32) { changes <- fmt.Sprint("expunge ", n) },
			Mailbox: func(d *imapclient.UnilateralDataMailbox) {
				if d.NumMessages != nil {
					changes <- fmt.Sprint("exists ", *d.NumMessages)
				}
			},
		},
	}))
	defer c.Close()
	if err := c.Authenticate(sasl.NewPlainClient("", "alice", "pw")); err != nil {
		t.Fatal(err)
	}
	if caps := must[imap.CapSet](t)(c.Capability().Wait()); len(caps) != len(strings.Fields(blended)) {
		t.Fatalf("capabilities %v", caps)
	}
	otherFolders(t, c)
	otherMessages(t, c)
	otherIdle(t, c, a, changes)
	if err := c.Logout().Wait(); err != nil {
		t.Fatal(err)
	}
}

func otherFolders(t *testing.T, c *imapclient.Client) {
	for _, err := range []error{
		c.Create("Entwürfe & Co", nil).Wait(), c.Subscribe("Entwürfe & Co").Wait(),
		c.Rename("Entwürfe & Co", "Neu/Ältere", nil).Wait(), c.Create("weg", nil).Wait(), c.Delete("weg").Wait(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	list := must[[]*imap.ListData](t)(c.List("", "*", &imap.ListOptions{ReturnSubscribed: true, ReturnSpecialUse: true,
		ReturnStatus: &imap.StatusOptions{NumMessages: true, UIDNext: true, Size: true}}).Collect())
	var names []string
	for _, l := range list {
		names = append(names, l.Mailbox)
	}
	if got := strings.Join(names, ","); got != "INBOX,Neu/Ältere,Sent,Neu" {
		t.Fatalf("folders %q", got)
	}
	if st := list[0].Status; st == nil || *st.NumMessages != 3 || *st.Size != 93 {
		t.Fatalf("status %+v", st)
	}
	sub := must[[]*imap.ListData](t)(c.List("", "*", &imap.ListOptions{SelectSubscribed: true}).Collect())
	if len(sub) != 2 {
		t.Fatalf("%d subscribed", len(sub))
	}
	ns := must[*imap.NamespaceData](t)(c.Namespace().Wait())
	if len(ns.Personal) != 1 || ns.Personal[0].Delim != '/' {
		t.Fatalf("namespace %+v", ns)
	}
	if id := must[*imap.IDData](t)(c.ID(nil).Wait()); id.Name != "Crossfade" {
		t.Fatalf("id %+v", id)
	}
}

func otherMessages(t *testing.T, c *imapclient.Client) {
	sel := must[*imap.SelectData](t)(c.Select("INBOX", nil).Wait())
	if sel.NumMessages != 3 || sel.UIDNext != 5 || sel.UIDValidity != 7 {
		t.Fatalf("select %+v", sel)
	}
	section := &imap.FetchItemBodySection{}
	msgs := must[[]*imapclient.FetchMessageBuffer](t)(c.Fetch(imap.UIDSetNum(1, 4), &imap.FetchOptions{UID: true, Flags: true,
		RFC822Size: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect())
	if len(msgs) != 2 || !strings.HasSuffix(string(msgs[0].FindBodySection(section)), "hello\r\n") || msgs[0].Flags[0] != `\Seen` {
		t.Fatalf("fetch %+v", msgs)
	}
	if !msgs[0].InternalDate.Equal(day1) || msgs[1].RFC822Size != 18 {
		t.Fatalf("fetch %+v", msgs)
	}
	w := c.Append("INBOX", 5, &imap.AppendOptions{Flags: []imap.Flag{`\Draft`}, Time: day2})
	if _, err := w.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if d := must[*imap.AppendData](t)(w.Wait()); d.UID != 5 || d.UIDValidity != 7 {
		t.Fatalf("append %+v", d)
	}
	found := must[*imap.SearchData](t)(c.UIDSearch(&imap.SearchCriteria{Flag: []imap.Flag{imap.FlagDraft}, Text: []string{"hello"}},
		&imap.SearchOptions{ReturnMin: true, ReturnMax: true, ReturnCount: true, ReturnAll: true}).Wait())
	if found.Min != 5 || found.Max != 5 || found.Count != 1 || found.All.String() != "5" {
		t.Fatalf("search %+v", found)
	}
	sorted := must[[]uint32](t)(c.UIDSort(&imapclient.SortOptions{SearchCriteria: &imap.SearchCriteria{}, SortCriteria: []imapclient.SortCriterion{{Key: imapclient.SortKeySubject, Reverse: true}}}).Wait())
	if fmt.Sprint(sorted) != "[2 1 4 5]" {
		t.Fatalf("sorted %v", sorted)
	}
	threads := must[[]imapclient.ThreadData](t)(c.UIDThread(&imapclient.ThreadOptions{Algorithm: imap.ThreadReferences, SearchCriteria: &imap.SearchCriteria{}}).Wait())
	if fmt.Sprint(threads) != "[{[1] []} {[2] []} {[4] []} {[5] []}]" {
		t.Fatalf("threads %v", threads)
	}
	stored := must[[]*imapclient.FetchMessageBuffer](t)(c.Store(imap.UIDSetNum(5), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{`\Deleted`}}, nil).Collect())
	if len(stored) != 1 || stored[0].UID != 5 || len(stored[0].Flags) != 3 {
		t.Fatalf("store %+v", stored)
	}
	gone := must[[]uint32](t)(c.UIDExpunge(imap.UIDSetNum(5)).Collect())
	if fmt.Sprint(gone) != "[4]" {
		t.Fatalf("expunged %v", gone)
	}
	cp := must[*imap.CopyData](t)(c.Copy(imap.UIDSetNum(1, 2), "Sent").Wait())
	if cp.DestUIDs.String() != "1:2" {
		t.Fatalf("copy %+v", cp)
	}
	mv := must[*imapclient.MoveData](t)(c.Move(imap.UIDSetNum(1), "Sent").Wait())
	if mv.DestUIDs.String() != "3" {
		t.Fatalf("move %+v", mv)
	}
}

func otherIdle(t *testing.T, c *imapclient.Client, a *fakeAccount, changes chan string) {
	for len(changes) > 0 {
		<-changes
	}
	idle, err := c.Idle()
	if err != nil {
		t.Fatal(err)
	}
	if err := event(a, []string{"deliver"}); err != nil {
		t.Fatal(err)
	}
	if got := <-changes; got != "exists 3" {
		t.Fatal(got)
	}
	if err := event(a, []string{"expunge", "2"}); err != nil {
		t.Fatal(err)
	}
	if got := <-changes; got != "expunge 1" {
		t.Fatal(got)
	}
	if err := idle.Close(); err != nil {
		t.Fatal(err)
	}
	if err := idle.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := c.Unselect().Wait(); err != nil {
		t.Fatal(err)
	}
}
