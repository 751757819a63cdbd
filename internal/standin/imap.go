package standin

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"crossfade/internal/faults"
)

// IMAP is the IMAP server. Its mailboxes are those of the directory, its failed logins count with all others.
type IMAP struct {
	*faults.Server

	dir  *Directory
	gate *Gate
	opt  IMAPOptions

	mu       sync.Mutex
	defaults map[string][]DefaultFolder // by address, in lower case: as they are named now
}

// StartIMAP starts the IMAP server on loopback; it ends with the test.
func StartIMAP(t testing.TB, dir *Directory, gate *Gate, o IMAPOptions) *IMAP {
	t.Helper()
	if o.Stall == 0 {
		o.Stall = 5 * time.Minute
	}
	i := &IMAP{dir: dir, gate: gate, opt: o, defaults: map[string][]DefaultFolder{}}
	i.Server = faults.StartWith(t, o.quirks(), faults.Hooks{Admit: i.admit, Login: i.login})
	dir.OnMade(i.furnish)
	dir.OnLanguage(i.translate)
	dir.OnClean(i.clean)
	dir.OnRemoved(func(email string) { i.Drop(strings.ToLower(email)) })
	return i
}

// Account is what a mailbox holds, past the wire.
func (i *IMAP) Account(email string) *faults.Account {
	return i.Server.Account(strings.ToLower(email), "")
}

// Folder is the name of a default folder of a mailbox, by its English name, as it is on the wire.
func (i *IMAP) Folder(email, english string) string {
	for _, f := range i.defaultsOf(email) {
		if f.English == english {
			return f.Name
		}
	}
	return english
}

func (i *IMAP) defaultsOf(email string) []DefaultFolder {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.defaults[strings.ToLower(email)]
}

func (i *IMAP) setDefaults(email string, all []DefaultFolder) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.defaults[strings.ToLower(email)] = all
}

// furnish makes the default folders of a new mailbox.
func (i *IMAP) furnish(m Mailbox) {
	a, all := i.Account(m.Email), DefaultFolders(m.Locale)
	i.setDefaults(m.Email, all)
	for _, f := range all {
		if f.Use == `\Drafts` && !i.opt.XListDrafts {
			f.Use = faults.Untold
		}
		if a.Reserve(f.Name, f.Use); !f.late || !i.opt.Late {
			a.Create(f.Name, f.Use)
		}
	}
}

var errFolderThere = errors.New("a folder of that language's name is there already")

// translate renames the default folders, unless a folder of one of the new names is there.
func (i *IMAP) translate(email, locale string) error {
	a := i.Account(email)
	was, is, there := i.defaultsOf(email), DefaultFolders(locale), a.Mailboxes()
	for k, f := range is {
		if f.Name != was[k].Name && slices.Contains(there, f.Name) {
			return errFolderThere
		}
	}
	for k, f := range is {
		if f.Name != was[k].Name {
			a.Rename(was[k].Name, f.Name)
		}
	}
	i.setDefaults(email, is)
	return nil
}

// clean deletes what is older than a time from a default folder.
func (i *IMAP) clean(email, folder string, olderThan time.Duration) {
	a, name := i.Account(email), i.Folder(email, folder)
	for _, m := range a.Messages(name) {
		if time.Since(m.Date) > olderThan {
			a.Remove(name, m.UID)
		}
	}
}

// caller is a connection whose other end is known.
type caller struct {
	net.Conn
	ip    netip.Addr
	stall time.Duration
	half  bool // what was read last is no whole line
}

// Read gives up on a client that is silent in the middle of a command.
func (c *caller) Read(p []byte) (int, error) {
	if c.half {
		if err := c.SetReadDeadline(time.Now().Add(c.stall)); err != nil {
			return 0, err
		}
	}
	n, err := c.Conn.Read(p)
	c.half = n > 0 && p[n-1] != '\n'
	return n, err
}

func (i *IMAP) admit(nc net.Conn) (net.Conn, string) {
	in, ip, err := i.gate.Admit(nc)
	if err != nil || i.opt.MaxConns > 0 && i.Connections() > i.opt.MaxConns {
		return nil, Busy
	}
	return &caller{Conn: in, ip: ip, stall: i.opt.Stall}, ""
}

func (i *IMAP) login(nc net.Conn, user, pass string) (name, refusal string) {
	ip := AddrOf(nc.RemoteAddr())
	if c, ok := nc.(*caller); ok {
		ip = c.ip
	}
	delay, _ := i.gate.IDS.Allowed(ip)
	time.Sleep(delay)
	m, err := i.dir.Authenticate(user, pass)
	if err != nil {
		i.gate.IDS.Failed(ip)
		if i.opt.Coded {
			return "", "NO [AUTHENTICATIONFAILED] login failed"
		}
		return "", "NO login failed"
	}
	i.gate.IDS.Succeeded(ip, strings.ToLower(user))
	return strings.ToLower(m.Email), ""
}
