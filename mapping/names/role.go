package names

// Role is the special use of a folder (RFC 6154 2, and its forerunner XLIST), or what a server keeps in it beside
// mail. The zero value is an ordinary folder.
type Role string

// The roles. Only the first six are carried from one server to the other; the rest are known so that such
// folders are not mistaken for something else.
const (
	Inbox     Role = "inbox"
	Drafts    Role = "drafts"
	Sent      Role = "sent"
	Trash     Role = "trash"
	Junk      Role = "junk"
	Archive   Role = "archive"
	Outbox    Role = "outbox"
	Templates Role = "templates"
	Important Role = "important" // Gmail: a view of other folders
	Flagged   Role = "flagged"   // a view of other folders
	All       Role = "all"       // a view of other folders
	Calendar  Role = "calendar"
	Contacts  Role = "contacts"
	Notes     Role = "notes"
	Tasks     Role = "tasks"
	Journal   Role = "journal"
	History   Role = "conversation-history" // conversations of a messenger, which Exchange keeps
	RSS       Role = "rss"                  // articles of feeds
	Sync      Role = "sync-issues"          // what a client could not synchronise
)

// View tells whether folders of the role show messages that are kept in other folders (RFC 6154 2: \All and
// \Flagged; Gmail's \Important).
func (r Role) View() bool { return r == All || r == Flagged || r == Important }

// Carried tells whether the role has one folder on each side, whose mail goes from the one to the other.
func (r Role) Carried() bool {
	switch r {
	case Inbox, Drafts, Sent, Trash, Junk, Archive:
		return true
	}
	return false
}
