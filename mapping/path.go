package mapping

import "strings"

// Path is a folder's place in a tree as decoded segments, without separators. INBOX is spelled "INBOX".
type Path []string

// IsInbox tells whether the path is INBOX itself, in any case (RFC 3501 5.1).
func (p Path) IsInbox() bool { return len(p) == 1 && strings.EqualFold(p[0], "INBOX") }

// Equal compares two paths; only INBOX as the first segment is compared without case.
func (p Path) Equal(q Path) bool { return p.Key() == q.Key() }

// Key is a string that is equal for equal paths and only for those, usable as a map key.
func (p Path) Key() string {
	if len(p) > 0 && strings.EqualFold(p[0], "INBOX") {
		return strings.Join(append([]string{"INBOX"}, p[1:]...), "\x00")
	}
	return strings.Join(p, "\x00")
}

// String is for people: segments joined by " / ".
func (p Path) String() string { return strings.Join(p, " / ") }
