package backfill

import "context"

// MailboxLister is a Provisioner that can list the mailboxes of a domain.
type MailboxLister interface {
	// Users lists every mailbox of a domain once, by its address, or fails. "" is the domain of the API's own user; one who
	// administers the whole system has none.
	Users(ctx context.Context, domain string) ([]MailboxInfo, error)
}
