package faults

import (
	"io"
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// client is go-imap's client, logged in.
func client(t *testing.T, s *Server, o *imapclient.Options) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(s.Addr, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.Login("joe", "pw").Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

func put(t *testing.T, c *imapclient.Client, box, body string, flags ...imap.Flag) *imap.AppendData {
	t.Helper()
	a := c.Append(box, int64(len(body)), &imap.AppendOptions{Flags: flags, Time: time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)})
	if _, err := io.WriteString(a, body); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	d, err := a.Wait()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestGoImapClient: a client that is not ours understands everything the good server says.
func TestGoImapClient(t *testing.T) {
	s := Start(t, Quirks{})
	joe := s.Account("joe", "pw")
	joe.Create("Sent", `\Sent`)
	c := client(t, s, nil)
	d := put(t, c, "INBOX", "From: Ann <ann@example.test>\r\nSubject: one\r\nMessage-ID: <1@x>\r\n\r\nhello\r\n", imap.FlagSeen, "work")
	put(t, c, "INBOX", "Subject: two\r\n\r\n")
	list, err := c.List("", "*", nil).Collect()
	if err != nil || len(list) != 2 || !slices.Contains(list[1].Attrs, imap.MailboxAttrSent) {
		t.Fatalf("%+v %v", list, err)
	}
	sel, err := c.Select("INBOX", nil).Wait()
	if err != nil || sel.NumMessages != 2 || sel.UIDValidity != d.UIDValidity || sel.UIDNext != d.UID+2 {
		t.Fatalf("%+v %+v %v", sel, d, err)
	}
	msgs, err := c.Fetch(imap.UIDSetNum(d.UID, d.UID+1), &imap.FetchOptions{
		UID: true, Flags: true, InternalDate: true, RFC822Size: true, Envelope: true, BodyStructure: &imap.FetchItemBodyStructure{},
		BodySection: []*imap.FetchItemBodySection{{Peek: true}, {Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"Subject"}, Peek: true}},
	}).Collect()
	if err != nil || len(msgs) != 2 {
		t.Fatal(len(msgs), err)
	}
	if m := msgs[0]; m.Envelope.Subject != "one" || m.Envelope.From[0].Mailbox != "ann" || m.Envelope.MessageID != "1@x" ||
		m.RFC822Size != int64(len(joe.Messages("INBOX")[0].Body)) || !m.InternalDate.Equal(time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)) || len(m.Flags) != 2 {
		t.Errorf("%+v %+v", m, m.Envelope)
	}
	if _, err := c.Store(imap.UIDSetNum(d.UID), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagFlagged}}, nil).Collect(); err != nil {
		t.Error(err)
	}
	found, err := c.UIDSearch(&imap.SearchCriteria{Flag: []imap.Flag{imap.FlagFlagged}, Header: []imap.SearchCriteriaHeaderField{{Key: "Subject", Value: "ONE"}}}, nil).Wait()
	if err != nil || len(found.AllUIDs()) != 1 || found.AllUIDs()[0] != d.UID {
		t.Errorf("%v %v", found, err)
	}
	moved, err := c.Move(imap.UIDSetNum(d.UID), "Sent").Wait()
	if err != nil || moved.UIDValidity == 0 {
		t.Errorf("%+v %v", moved, err)
	}
	if in, out := joe.Messages("INBOX"), joe.Messages("Sent"); len(in) != 1 || len(out) != 1 || !slices.Equal(out[0].Flags, []string{`\Flagged`, `\Seen`, "work"}) {
		t.Errorf("%v %v", in, out)
	}
	if err := c.Logout().Wait(); err != nil {
		t.Error(err)
	}
}

// TestIdle: news from another connection reach a client that waits.
func TestIdle(t *testing.T) {
	s := Start(t, Quirks{})
	joe := s.Account("joe", "pw")
	joe.Add("INBOX", Message{Body: []byte("a")}, Message{Body: []byte("b")})
	exists, expunged := make(chan uint32, 10), make(chan uint32, 10)
	c := client(t, s, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				exists <- *d.NumMessages
			}
		},
		Expunge: func(n uint32) { expunged <- n },
	}})
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	i, err := c.Idle()
	if err != nil {
		t.Fatal(err)
	}
	joe.Remove("INBOX", 1)
	joe.Add("INBOX", Message{Body: []byte("c")}, Message{Body: []byte("d")})
	for want := time.After(time.Minute); ; {
		select {
		case n := <-exists:
			if n != 3 {
				continue
			}
		case <-want:
			t.Fatal("no news")
		}
		break
	}
	if n := <-expunged; n != 1 {
		t.Errorf("expunged %d", n)
	}
	if err := i.Close(); err != nil {
		t.Error(err)
	}
	if err := i.Wait(); err != nil {
		t.Error(err)
	}
}
