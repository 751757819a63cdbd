//go:build integration

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"crossfade/internal/imapwire"
	"crossfade/internal/testbed"
)

// goClient is go-imap's client.
type goClient struct {
	*imapclient.Client
	folder string
}

func dialGo(addr string, o *imapclient.Options) (*goClient, error) {
	return dialGoAs(addr, testbed.User(0), o)
}

// listens has a client idle in INBOX, for the caller to close; exists are the numbers of messages that it is told.
func (s *story) listens(t *testing.T) (c *goClient, idle *imapclient.IdleCommand, exists chan uint32) {
	t.Helper()
	exists = make(chan uint32, 100)
	c, err := dialGo(s.p.imap, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				exists <- *d.NumMessages
			}
		}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.open("INBOX"); err != nil {
		t.Fatal(err)
	}
	if idle, err = c.Idle(); err != nil {
		t.Fatal(err)
	}
	return c, idle, exists
}

func dialGoAs(addr, user string, o *imapclient.Options) (*goClient, error) {
	conn, err := net.DialTimeout("tcp", addr, time.Minute)
	if err != nil {
		return nil, err
	}
	c := &goClient{Client: imapclient.New(conn, o)}
	if err := c.Login(user, testbed.Pass).Wait(); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// open selects a folder by its raw name unless it is selected already.
func (c *goClient) open(folder string) error {
	if c.folder == folder {
		return nil
	}
	c.folder = ""
	_, err := c.Select(imapwire.DecodeMailbox(folder), nil).Wait()
	if err == nil {
		c.folder = folder
	}
	return err
}

// do does one thing.
func (c *goClient) do(op clientOp) (r clientResult, err error) {
	if op.Op != "append" {
		if err := c.open(op.Folder); err != nil {
			return r, err
		}
	}
	set, to := imap.UIDSetNum(imap.UID(op.UID)), imapwire.DecodeMailbox(op.To)
	switch op.Op {
	case "read":
		got, err := c.Fetch(set, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{}}}).Collect()
		if err != nil || len(got) != 1 || len(got[0].BodySection) != 1 {
			return r, fmt.Errorf("%q UID %d: %d answers, %v", op.Folder, op.UID, len(got), err)
		}
		return clientResult{Sum: fmt.Sprintf("%x", sha256.Sum256(got[0].BodySection[0].Bytes))}, nil
	case "store":
		if err := c.flag(set, imap.StoreFlagsAdd, op.Add); err != nil {
			return r, err
		}
		return r, c.flag(set, imap.StoreFlagsDel, op.Del)
	case "append":
		return c.append(op)
	case "move":
		got, err := c.Move(set, to).Wait()
		if err == nil {
			r.UID = only(got.DestUIDs)
		}
		return r, err
	case "copy", "trash":
		got, err := c.Copy(set, to).Wait()
		if err != nil {
			return r, err
		}
		r.UID = only(got.DestUIDs)
		if op.Op == "copy" {
			return r, nil
		}
	}
	if err := c.flag(set, imap.StoreFlagsAdd, []string{`\Deleted`}); err != nil {
		return r, err
	}
	return r, c.UIDExpunge(set).Close()
}

func (c *goClient) flag(set imap.UIDSet, op imap.StoreFlagsOp, flags []string) error {
	if len(flags) == 0 {
		return nil
	}
	change := &imap.StoreFlags{Op: op, Silent: true}
	for _, f := range flags {
		change.Flags = append(change.Flags, imap.Flag(f))
	}
	return c.Store(set, change, nil).Close()
}

func (c *goClient) append(op clientOp) (r clientResult, err error) {
	text, err := os.ReadFile(op.File)
	if err != nil {
		return r, err
	}
	o := &imap.AppendOptions{Time: time.Unix(op.Date, 0)}
	for _, f := range op.Add {
		o.Flags = append(o.Flags, imap.Flag(f))
	}
	cmd := c.Append(imapwire.DecodeMailbox(op.Folder), int64(len(text)), o)
	if _, err := cmd.Write(text); err != nil {
		return r, err
	}
	if err := cmd.Close(); err != nil {
		return r, err
	}
	got, err := cmd.Wait()
	if err == nil {
		r.UID = uint32(got.UID)
	}
	return r, err
}

// only is the number in a set of one, else 0.
func only(set imap.NumSet) uint32 {
	if uids, ok := set.(imap.UIDSet); ok {
		if nums, ok := uids.Nums(); ok && len(nums) == 1 {
			return uint32(nums[0])
		}
	}
	return 0
}

// workGo does a list with go-imap's client.
func workGo(addr string, ops []clientOp) ([]clientResult, error) {
	c, err := dialGo(addr, nil)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var out []clientResult
	for _, op := range ops {
		r, err := c.do(op)
		if err != nil {
			return out, fmt.Errorf("%+v: %w", op, err)
		}
		out = append(out, r)
	}
	return out, c.Logout().Wait()
}

// seeGo reads everything with go-imap's client, every folder selected. plain gives, by the sum of a message, the sum
// of its bytes without CR, for clients that keep mail so.
func seeGo(t *testing.T, addr string) (s testbed.Snapshot, plain map[string]string) {
	t.Helper()
	c, err := dialGo(addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	list, err := c.List("", "*", nil).Collect()
	if err != nil {
		t.Fatal(err)
	}
	s, plain = testbed.Snapshot{Folders: map[string]testbed.Folder{}}, map[string]string{}
	for _, entry := range list {
		if slices.Contains(entry.Attrs, imap.MailboxAttrNoSelect) || slices.Contains(entry.Attrs, imap.MailboxAttrNonExistent) {
			continue
		}
		selected, err := c.Select(entry.Mailbox, nil).Wait()
		if err != nil {
			t.Fatalf("%q: %v", entry.Mailbox, err)
		}
		f := testbed.Folder{UIDValidity: selected.UIDValidity, UIDNext: uint32(selected.UIDNext), Messages: map[uint32]testbed.Message{}}
		if selected.NumMessages > 0 {
			got, err := c.Fetch(imap.SeqSet{{Start: 1}}, &imap.FetchOptions{UID: true, Flags: true, InternalDate: true,
				BodySection: []*imap.FetchItemBodySection{{Peek: true}}}).Collect()
			if err != nil || len(got) != int(selected.NumMessages) {
				t.Fatalf("%q: EXISTS says %d, FETCH gave %d: %v", entry.Mailbox, selected.NumMessages, len(got), err)
			}
			for _, m := range got {
				f.Messages[uint32(m.UID)] = messageOf(m)
				plain[messageOf(m).Sum] = plainSum(m.BodySection[0].Bytes)
			}
		}
		s.Folders[imapwire.EncodeMailbox(entry.Mailbox)] = f
	}
	return s, plain
}

// plainSum leaves out what mbsync adds to a message.
func plainSum(text []byte) string {
	text = withoutTUID(text)
	return fmt.Sprintf("%x", sha256.Sum256(bytes.ReplaceAll(text, []byte("\r"), nil)))
}

func messageOf(m *imapclient.FetchMessageBuffer) testbed.Message {
	var flags []string
	for _, f := range m.Flags {
		flags = append(flags, string(f))
	}
	body := m.BodySection[0].Bytes
	return testbed.Message{Flags: flagged("", flags, []string{`\Recent`}), Date: m.InternalDate.Unix(), Size: len(body), Sum: fmt.Sprintf("%x", sha256.Sum256(body))}
}

// bodyOf reads one message without marking it.
func bodyOf(addr, folder string, uid uint32) ([]byte, error) {
	c, err := dialGo(addr, nil)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.open(folder); err != nil {
		return nil, err
	}
	got, err := c.Fetch(imap.UIDSetNum(imap.UID(uid)), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{Peek: true}}}).Collect()
	if err != nil || len(got) != 1 || len(got[0].BodySection) != 1 {
		return nil, fmt.Errorf("%q UID %d: %d answers, %v", folder, uid, len(got), err)
	}
	return got[0].BodySection[0].Bytes, nil
}

// workPython does a list with Python's imaplib.
func workPython(addr string, ops []clientOp) (out []clientResult, err error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	list, err := json.Marshal(ops)
	if err != nil {
		return nil, err
	}
	said, err := runClient(list, "python3", "../../testdata/clients/imap.py", port, testbed.User(0), testbed.Pass)
	if err != nil {
		return nil, err
	}
	return out, json.Unmarshal(said, &out)
}

func seePython(t *testing.T, addr string) testbed.Snapshot {
	t.Helper()
	got, err := workPython(addr, []clientOp{{Op: "see"}})
	if err != nil || len(got) != 1 {
		t.Fatalf("imaplib: %v", err)
	}
	return got[0].Snapshot
}

// runClient runs a program that must end well within five minutes and returns its standard output.
func runClient(in []byte, name string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), longEnough)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", name, err, errs.String())
	}
	return out.Bytes(), nil
}

// seeCurl reads some messages of a folder as scripts do, and compares. It returns their UIDs.
func seeCurl(t *testing.T, addr, folder string, want map[uint32]testbed.Message) (read []uint32) {
	t.Helper()
	for i, uid := range slices.Sorted(maps.Keys(want)) {
		if i%5 != 0 {
			continue
		}
		got, err := runClient(nil, "curl", "--silent", "--show-error", "--max-time", "120", "--user", testbed.User(0)+":"+testbed.Pass,
			fmt.Sprintf("imap://%s/%s;UID=%d", addr, url.PathEscape(folder), uid))
		if err != nil {
			t.Fatalf("%q UID %d: %v", folder, uid, err)
		}
		if sum := fmt.Sprintf("%x", sha256.Sum256(got)); sum != want[uid].Sum {
			t.Errorf("curl: %q UID %d: %d bytes, want %d, or others", folder, uid, len(got), want[uid].Size)
		}
		read = append(read, uid)
	}
	names, err := runClient(nil, "curl", "--silent", "--show-error", "--max-time", "120", "--user", testbed.User(0)+":"+testbed.Pass, "imap://"+addr+"/")
	if err != nil || !strings.Contains(string(names), folder) {
		t.Errorf("curl: the list of folders lacks %q: %v\n%s", folder, err, names)
	}
	return read
}
