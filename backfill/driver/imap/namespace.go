package imap

import (
	"slices"
	"strings"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/internal/imapwire"
	"crossfade/mapping"
)

// learnNamespace finds the separator, the prefix of personal mailboxes and those of other people's: NAMESPACE (RFC
// 2342) where it is offered, else what the tree itself shows.
func (a *account) learnNamespace(c *conn) error {
	if c.caps.Has(goimap.CapNamespace) {
		var found namespaces
		st, err := c.command(handler{data: func(name string, _ uint32, sc *imapwire.Scanner) {
			if n, ok := parseNamespaces(sc); name == "NAMESPACE" && ok {
				found = n
			}
		}}, "NAMESPACE")
		if err != nil {
			return err
		}
		if st.ok() && found.personal != nil {
			first := found.personal[0]
			a.features.Prefix, a.features.Separator = first.prefix, first.sep
			a.features.Foreign = found.foreign()
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

// namespace is one element of a NAMESPACE answer.
type namespace struct{ prefix, sep string }

// namespaces are the three lists of a NAMESPACE answer (RFC 2342 5).
type namespaces struct{ personal, others, shared []namespace }

// foreign returns the prefixes below which mailboxes are not the user's own. One that a personal prefix lies below
// tells nothing: Zimbra and others list the root twice.
func (n namespaces) foreign() (prefixes []string) {
	for _, f := range slices.Concat(n.others, n.shared) {
		own := f.prefix == ""
		for _, p := range n.personal {
			own = own || strings.HasPrefix(p.prefix, f.prefix)
		}
		if !own && !strings.HasPrefix("INBOX", strings.ToUpper(f.prefix)) {
			prefixes = append(prefixes, f.prefix)
		}
	}
	return prefixes
}

// parseNamespaces reads all three lists; without a personal namespace they are no answer.
func parseNamespaces(sc *imapwire.Scanner) (n namespaces, ok bool) {
	for _, list := range []*[]namespace{&n.personal, &n.others, &n.shared} {
		sc.SP()
		if *list, ok = parseNamespaceList(sc); !ok {
			break
		}
	}
	return n, len(n.personal) > 0
}

// parseNamespaceList reads one list; NIL is an empty one.
func parseNamespaceList(sc *imapwire.Scanner) (list []namespace, ok bool) {
	ok = sc.List(func() bool {
		if !sc.Byte('(') {
			return false
		}
		sc.SP()
		p, isString := sc.String()
		sc.SP()
		sep, sepOK := parseSeparator(sc)
		for sc.SP(); !sc.Byte(')'); sc.SP() { // extensions
			if _, ok := sc.Raw(); !ok {
				return false
			}
		}
		if len(list) < 1000 {
			list = append(list, namespace{string(p), sep})
		}
		return isString && sepOK
	})
	return list, ok
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
