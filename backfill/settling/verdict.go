package settling

import "time"

// Reason is why a folder does not settle just now.
type Reason string

// The reasons; the first that holds is told.
const (
	May        Reason = "ready"      // it may settle
	Done       Reason = "settled"    // it has
	Stopped    Reason = "stopped"    // by an admin's command
	Incomplete Reason = "incomplete" // something is left to do
	Refused    Reason = "refused"    // it was tried a while ago, and something stood in the way
	ByCommand  Reason = "by_command" // folders settle only when an admin says so
	Patience   Reason = "patience"   // it has not been complete for long enough
	Unseen     Reason = "unseen"     // no mail program has opened it yet
	Hours      Reason = "hours"      // not at this time of the week
	Paced      Reason = "pace"       // enough has settled within the last hour
)

// Reasons are what folders that have not settled wait for.
func Reasons() []Reason {
	return []Reason{May, Stopped, Incomplete, Refused, ByCommand, Patience, Unseen, Hours, Paced}
}

// Verdict is what becomes of one folder.
type Verdict struct {
	Reason Reason
	// Until is when to look again, if time alone may change the verdict; zero if it does not.
	Until time.Time
}

// patient judges one folder by what is known of it and its account, whatever the others do.
func (p *Pace) patient(now time.Time, stopped bool, a *Account, f *Folder) Verdict {
	switch {
	case !f.Settled.IsZero():
		return Verdict{Reason: Done}
	case stopped || a.Stopped || f.Stopped:
		return Verdict{Reason: Stopped}
	case f.Complete.IsZero():
		return Verdict{Reason: Incomplete}
	case now.Before(f.Refused):
		return Verdict{Refused, f.Refused}
	case f.Ordered:
		return Verdict{Reason: May}
	case p.After < 0:
		return Verdict{Reason: ByCommand}
	}
	if end := notAfter(f.Complete, now).Add(p.After); now.Before(end) {
		return Verdict{Patience, end}
	}
	if f.LastClient.IsZero() && !a.NoClients {
		if a.FirstLogin.IsZero() {
			return Verdict{Reason: Unseen}
		}
		if end := notAfter(a.FirstLogin, now).Add(p.Unseen); now.Before(end) {
			return Verdict{Unseen, end}
		}
	}
	if p.Hours.Any() {
		if in, _, _ := p.Hours.At(now); !in {
			return Verdict{Hours, p.Hours.Begin(now)}
		}
	}
	return Verdict{Reason: May}
}

// notAfter keeps a clock that was wrong once from making folders wait for years.
func notAfter(t, now time.Time) time.Time {
	if t.After(now) {
		return now
	}
	return t
}
