package backfill

// \Recent (RFC 3501 2.3.2) is given to the first session that is told of a message. Each folder keeps, in memory, the
// UID up to which sessions were told. A restart, a folder that is met anew and one that settles begin with what is
// there: they show fewer, never mail again that somebody has seen.

// recentMark is the first shown UID that no session was told of, under the UIDVALIDITY that is shown.
type recentMark struct {
	validity uint32
	from     uint32
	made     bool // a client made the folder: whatever it holds first is new
}

// meetRecent begins with what is there when the folder is shown under a UIDVALIDITY for the first time: a whole old mailbox
// is not new mail. The caller holds mu.
func (f *folder) meetRecent() {
	id := f.rec.Identity
	if !f.loaded || !id.Fixed || f.recent.validity == id.UIDValidity {
		return
	}
	from := f.uidNext()
	if f.recent.made && len(f.rec.Sources) == 0 {
		from = 1
	}
	f.recent = recentMark{validity: id.UIDValidity, from: from}
}

// noteMade remembers that a client made the folder of this name.
func (a *account) noteMade(name string) {
	f := a.matchRaw(name)
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.recent.made = f.recent.validity == 0
}

// Recent is the first UID that no session was told of before. It makes the messages up to upTo the caller's own, unless
// the folder is open for reading only.
func (m *Mailbox) Recent(upTo uint32) (from uint32) {
	m.f.mu.Lock()
	defer m.f.mu.Unlock()
	from = m.f.recent.from
	if !m.readOnly && upTo >= from {
		m.f.recent.from = upTo + 1
	}
	return from
}
