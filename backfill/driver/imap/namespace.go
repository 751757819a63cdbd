package imap

import (
	"strings"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
	"crossfade/mapping"
)

// learnNamespace finds the separator and the prefix of personal mailboxes: NAMESPACE (RFC 2342) where it is
// offered, else what the tree itself shows.
func (a *account) learnNamespace(c *conn) error {
	if c.caps.Has(goimap.CapNamespace) {
		found := false
		st, err := c.command(handler{data: func(name string, _ uint32, sc *imapwire.Scanner) {
			if prefix, sep, ok := personal(sc); name == "NAMESPACE" && ok {
				a.features.Prefix, a.features.Separator, found = prefix, sep, true
			}
		}}, "NAMESPACE")
		if err != nil {
			return err
		}
		if st.ok() && found {
			return nil
		}
	}
	l, err := c.folders()
	if err != nil {
		return err
	}
	a.features.Separator, a.features.Prefix = guessNamespace(l.finish())
	return nil
}

// personal reads the first personal namespace.
func personal(sc *imapwire.Scanner) (prefix, sep string, ok bool) {
	first := true
	read := sc.List(func() bool {
		if !first {
			_, ok := sc.Raw()
			return ok
		}
		first = false
		if !sc.Byte('(') {
			return false
		}
		sc.SP()
		p, isString := sc.String()
		sc.SP()
		s, sepOK := parseSeparator(sc)
		prefix, sep, ok = string(p), s, isString && sepOK
		for sc.SP(); !sc.Byte(')'); sc.SP() { // extensions
			if _, ok := sc.Raw(); !ok {
				return false
			}
		}
		return ok
	})
	return prefix, sep, ok && read
}

// guessNamespace takes INBOX<sep> for the prefix when every other folder lies under it.
func guessNamespace(folders []backfill.Folder) (sep, prefix string) {
	under := 0
	for _, f := range folders {
		if sep == "" {
			sep = f.Separator
		}
		if f.Path.IsInbox() {
			continue
		}
		if f.Path[0] != "INBOX" {
			under = -1
			break
		}
		under++
	}
	if under > 0 && sep != "" {
		prefix = "INBOX" + sep
	}
	return sep, prefix
}

// Path implements backfill.Writer.
func (a *account) Path(name string) mapping.Path { return splitName(name, a.features.Separator) }

// Name implements backfill.Writer. A segment that holds the separator cannot be spelled; an underscore stands
// in for it.
func (a *account) Name(path mapping.Path) string {
	sep := a.features.Separator
	segments := make([]string, 0, len(path))
	for _, s := range path {
		s = imapwire.EncodeMailbox(s)
		if sep != "" {
			s = strings.ReplaceAll(s, sep, "_")
		}
		segments = append(segments, s)
	}
	if len(segments) > 0 && strings.EqualFold(segments[0], "INBOX") {
		segments[0] = "INBOX"
	}
	return strings.Join(segments, or(sep, "_"))
}
