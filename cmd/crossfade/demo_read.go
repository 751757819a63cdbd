package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// mailbox is what a client reads of an account: folder name to its messages, each as text that holds all that
// must stay equal. go-imap's client reads it, so that the proxy is judged by code that is not its own.
type mailbox map[string][]string

// readMailbox logs in and reads every message of every folder.
func readMailbox(ctx context.Context, addr string) (mailbox, error) {
	c, err := imapclient.DialInsecure(addr, nil)
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { _ = c.Close() })() // what waits for an answer ends with an error
	defer c.Close()
	if err := c.Login(demoUser, demoPass).Wait(); err != nil {
		return nil, err
	}
	folders, err := c.List("", "*", nil).Collect()
	if err != nil {
		return nil, err
	}
	box := mailbox{}
	for _, f := range folders {
		if slices.Contains(f.Attrs, imap.MailboxAttrNoSelect) || slices.Contains(f.Attrs, imap.MailboxAttrNonExistent) {
			continue
		}
		if box[f.Mailbox], err = readFolder(c, f.Mailbox); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Mailbox, err)
		}
	}
	return box, c.Logout().Wait()
}

func readFolder(c *imapclient.Client, name string) ([]string, error) {
	selected, err := c.Select(name, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil || selected.NumMessages == 0 {
		return nil, err
	}
	all := imap.UIDSet{}
	all.AddRange(1, 0)
	section := &imap.FetchItemBodySection{Peek: true}
	fetch := c.Fetch(all, &imap.FetchOptions{UID: true, Flags: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{section}})
	var out []string
	for m := fetch.Next(); m != nil; m = fetch.Next() {
		line, err := readMessage(m)
		if err != nil {
			return nil, errors.Join(err, fetch.Close())
		}
		out = append(out, line)
	}
	if err := fetch.Close(); err != nil {
		return nil, err
	}
	if len(out) != int(selected.NumMessages) {
		return nil, fmt.Errorf("%d messages announced, %d came", selected.NumMessages, len(out))
	}
	return out, nil
}

// readMessage makes the text of one message: the hash of its bytes, its date to the second, its flags.
func readMessage(m *imapclient.FetchMessageData) (string, error) {
	var sum, date, flags string
	for item := m.Next(); item != nil; item = m.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataBodySection:
			h := sha256.New()
			n, err := io.Copy(h, item.Literal)
			if err != nil {
				return "", err
			}
			sum = fmt.Sprintf("%d bytes %x", n, h.Sum(nil)[:16])
		case imapclient.FetchItemDataInternalDate:
			date = fmt.Sprint(item.Time.Unix())
		case imapclient.FetchItemDataFlags:
			var list []string
			for _, f := range item.Flags {
				if !strings.EqualFold(string(f), `\Recent`) {
					list = append(list, strings.ToLower(string(f)))
				}
			}
			slices.Sort(list)
			flags = strings.Join(list, " ")
		}
	}
	return sum + ", date " + date + ", flags (" + flags + ")", nil
}

// count is the number of messages.
func (m mailbox) count() int {
	n := 0
	for _, f := range m {
		n += len(f)
	}
	return n
}

// moved is what the mailbox must look like on the new server.
func (m mailbox) moved() mailbox {
	out := mailbox{}
	for _, f := range demoFolders() {
		if len(m[f.name]) > 0 {
			out[f.want] = append(out[f.want], m[f.name]...)
		}
	}
	return out
}

// differences tells in words what got lacks of m, or has too much; twins count.
func (m mailbox) differences(got mailbox) []string {
	names := map[string]bool{}
	for name := range m {
		names[name] = true
	}
	for name := range got {
		names[name] = true
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		balance := map[string]int{}
		for _, line := range m[name] {
			balance[line]++
		}
		for _, line := range got[name] {
			balance[line]--
		}
		for _, line := range slices.Sorted(maps.Keys(balance)) {
			switch n := balance[line]; {
			case n > 0:
				out = append(out, fmt.Sprintf("%s: missing %d times: %s", name, n, line))
			case n < 0:
				out = append(out, fmt.Sprintf("%s: %d times too often: %s", name, -n, line))
			}
		}
	}
	return out
}
