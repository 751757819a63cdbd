package standin

import (
	"strings"

	"crossfade/internal/imapwire"
	"crossfade/mapping/names"
)

// DefaultFolder is one of the folders that every mailbox has.
type DefaultFolder struct {
	English string // as auto-clean rules name it
	Name    string // in the mailbox's language, in the modified UTF-7 of RFC 3501 5.1.3
	Use     string // as XLIST tells it
	late    bool
}

// DefaultFolders are those of a mailbox in a language, INBOX left out. English names are those that logs show; the names in
// other languages stand in files that an administrator may change, so any list of them is a guess. Defensive.
func DefaultFolders(locale string) []DefaultFolder {
	all := []DefaultFolder{
		{English: "Deleted Items", Use: `\Trash`},
		{English: "Drafts", Use: `\Drafts`, late: true},
		{English: "Junk E-Mail", Use: `\Spam`},
		{English: "Sent Items", Use: `\Sent`, late: true},
	}
	roles := []names.Role{names.Trash, names.Drafts, names.Junk, names.Sent}
	for i := range all {
		all[i].Name = all[i].English
		if lang, _, _ := strings.Cut(locale, "-"); lang == "en" || locale == "" {
			continue
		}
		if title := names.Title(roles[i], locale); title != "" {
			all[i].Name = imapwire.EncodeMailbox(title)
		}
	}
	return all
}
