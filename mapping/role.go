package mapping

import (
	"strings"

	"crossfade/mapping/names"
)

// Role is the special use of a folder (RFC 6154 2, and its forerunner XLIST). The zero value is an ordinary
// folder.
type Role = names.Role

// The roles, as in package names.
const (
	Inbox     = names.Inbox
	Drafts    = names.Drafts
	Sent      = names.Sent
	Trash     = names.Trash
	Junk      = names.Junk
	Archive   = names.Archive
	Outbox    = names.Outbox
	Templates = names.Templates
	Important = names.Important
	Flagged   = names.Flagged
	All       = names.All
)

// carried returns the roles that have one folder on each side, in the order they are decided.
func carried() [6]Role { return [6]Role{Inbox, Drafts, Sent, Trash, Junk, Archive} }

// RoleOf returns the role that LIST, SPECIAL-USE or XLIST attributes give, "" when they give none. The
// backslash may be missing and case does not matter. With several roles in one list a real folder counts
// before a view, so that its mail is moved.
func RoleOf(attrs []string) Role {
	best, rank := Role(""), 0
	for _, a := range attrs {
		role, r := attrRole(a)
		if r > rank {
			best, rank = role, r
		}
	}
	return best
}

// attrRole reads one attribute; the greater rank wins.
func attrRole(attr string) (Role, int) {
	switch strings.ToLower(strings.TrimPrefix(attr, `\`)) {
	case "inbox":
		return Inbox, 11
	case "drafts", "draft":
		return Drafts, 10
	case "sent", "sentmail":
		return Sent, 9
	case "trash":
		return Trash, 8
	case "junk", "spam":
		return Junk, 7
	case "archive":
		return Archive, 6
	case "outbox":
		return Outbox, 5
	case "templates":
		return Templates, 4
	case "important":
		return Important, 3
	case "flagged", "starred":
		return Flagged, 2
	case "all", "allmail":
		return All, 1
	}
	return "", 0
}
