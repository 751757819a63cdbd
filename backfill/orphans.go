package backfill

// Orphaned is a Mail that knows which names are subscribed although no such mailbox exists.
type Orphaned interface {
	// Orphans are those names as the last call of Folders found them, raw.
	Orphans() []string
}

// withOrphans adds names that are subscribed on the destination and do not exist: a subscription outlives its mailbox
// (RFC 3501 6.3.6).
func (a *account) withOrphans(list []ListEntry, seen map[string]bool) []ListEntry {
	a.mu.Lock()
	w, ok := a.dst.(Orphaned)
	a.mu.Unlock()
	if !ok {
		return list
	}
	for _, name := range w.Orphans() {
		if !seen[name] {
			list = append(list, ListEntry{Name: name, Subscribed: true, NonExistent: true})
		}
	}
	return list
}
