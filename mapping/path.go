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
		return joinKey(append([]string{"INBOX"}, p[1:]...))
	}
	return joinKey(p)
}

// joinKey joins segments by NUL. The few that hold NUL themselves, as modified UTF-7 can, and the one empty
// segment are spelt in a way that no other path has.
func joinKey(p []string) string {
	if len(p) == 1 && p[0] == "" {
		return "\x01"
	}
	key := strings.Join(p, "\x00")
	if strings.Count(key, "\x00") == max(len(p)-1, 0) && !strings.Contains(key, "\x01") {
		return key
	}
	safe := make([]string, len(p))
	for i, s := range p {
		safe[i] = strings.NewReplacer("\x01", "\x01\x02", "\x00", "\x01\x01").Replace(s)
	}
	return strings.Join(safe, "\x00")
}

// String is for people: segments joined by " / ".
func (p Path) String() string { return strings.Join(p, " / ") }
