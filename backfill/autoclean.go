package backfill

import (
	"context"
	"errors"
	"strings"
	"time"

	"crossfade/mapping"
)

const (
	// cleanWait is how long the destination may take to tell its rules: the account's copying waits for that.
	cleanWait = 10 * time.Second
	// cleanAgain is when it is asked again after it did not tell.
	cleanAgain = 5 * time.Minute
)

// cleaning is what is known of folders that the destination empties on its own; guarded by the account's mu.
type cleaning struct {
	known   bool      // it was asked in this run
	unknown bool      // it should tell, and did not
	asked   time.Time // last
	rules   []CleanRule
}

// learnClean pauses the copying of folders that the destination would empty: old mail that is moved there would be deleted,
// for good. What users see does not depend on it, and the admin decides. While the rules are not known, those folders rest
// that are mostly meant.
func (a *account) learnClean(ctx context.Context) {
	a.mu.Lock()
	c := a.clean
	a.mu.Unlock()
	if !c.known && time.Since(c.asked) >= cleanAgain {
		c = a.askClean(ctx)
		a.mu.Lock()
		a.clean = c
		a.mu.Unlock()
	}
	for _, f := range a.all() {
		if err := f.holdCleaned(c.rules); err != nil {
			a.log.Warn("a folder that the destination empties cannot be paused", "folder", f.record().Name, "err", err)
		}
	}
}

// askClean asks the destination for its rules.
func (a *account) askClean(ctx context.Context) cleaning {
	c := cleaning{asked: time.Now(), unknown: true}
	if a.e.opt.CopyCleaned || a.shut() {
		return cleaning{known: true}
	}
	ctx, cancel := context.WithTimeout(ctx, cleanWait)
	defer cancel()
	w, err := a.dest(ctx)
	if err != nil {
		return c
	}
	by, ok := w.(AutoCleaner)
	if !ok {
		return cleaning{known: true}
	}
	switch c.rules, err = by.AutoCleaned(ctx); {
	case err == nil:
		return cleaning{known: true, rules: c.rules}
	case errors.Is(err, ErrNotOffered): // many delete what is old in these two, and nothing brings it back
		const text = "the server does not tell whether it deletes old mail there on its own"
		return cleaning{known: true, rules: []CleanRule{{Role: mapping.Trash, Text: text}, {Role: mapping.Junk, Text: text}}}
	default:
		a.log.Warn("the destination does not tell which folders it empties on its own: trash and junk are not copied yet", "err", err)
	}
	return c
}

// cleanUnknown tells whether the folder must rest until the destination's rules are known.
func (f *folder) cleanUnknown() bool {
	rec := f.record()
	if r := mapping.Role(rec.Role); r != mapping.Trash && r != mapping.Junk || rec.CleanLet {
		return false
	}
	f.acct.mu.Lock()
	defer f.acct.mu.Unlock()
	return f.acct.clean.unknown
}

// holdCleaned pauses the folder, or lets it go on if it is paused by a rule that does not count any more.
func (f *folder) holdCleaned(rules []CleanRule) error {
	rec := f.record()
	if f.acct.e.opt.CopyCleaned && rec.PausedFor != "" {
		return f.edit(func(ed *edit) error {
			ed.record().Paused, ed.rec.PausedFor = false, ""
			return nil
		})
	}
	if rec.Paused || rec.CleanLet || !needsSettling(&rec) || len(ownSources(rec)) == 0 {
		return nil
	}
	for _, r := range rules {
		if !r.empties(rec.Name, mapping.Role(rec.Role)) {
			continue
		}
		f.acct.log.Warn("a folder is not copied: the destination would empty it", "folder", rec.Name, "rule", r.Text)
		return f.edit(func(ed *edit) error {
			ed.record().Paused, ed.rec.PausedFor = true, r.words()
			return nil
		})
	}
	return nil
}

// empties tells whether the rule is about a folder.
func (r CleanRule) empties(name string, role mapping.Role) bool {
	return r.Folder != "" && strings.EqualFold(r.Folder, name) || r.Role != "" && r.Role == role
}

func (r CleanRule) words() string {
	if r.Text != "" {
		return r.Text
	}
	return "it empties the folder on its own"
}
