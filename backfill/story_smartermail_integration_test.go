//go:build integration

package backfill_test

import (
	"os"
	"strconv"
	"testing"

	"crossfade/internal/faults"
	"crossfade/internal/standin"
)

// TestStoriesOfSmarterMail: a whole mailbox moves to a stand-in for SmarterMail, under rows of its switches in which any
// two positions meet. CROSSFADE_TEST_SWITCHES is how many rows; 12 if that is not set.
func TestStoriesOfSmarterMail(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("CROSSFADE_TEST_SWITCHES"))
	if err != nil || n < 1 {
		n = 12
	}
	all := standin.IMAPSwitches()
	rows := standin.Pairs(all)
	var stories []story
	for _, row := range rows[:min(n, len(rows))] {
		o, name := standin.Apply(all, row)
		stories = append(stories, smarter(name, o))
	}
	runStories(t, stories)
}

// TestStoryOfSmarterMail2015: with UIDVALIDITY 0 nothing can be known again, so nothing is copied, and nothing is lost; with
// that of later versions everything moves.
func TestStoryOfSmarterMail2015(t *testing.T) {
	zero := smarter("UIDVALIDITY 0", standin.V13())
	zero.done = allStopped
	zero.want = expectation{refused: func(faults.Message) bool { return true }, unproven: true}
	one := standin.V13()
	one.IMAP.Validity = standin.ValidityOne
	runStories(t, []story{zero, smarter("UIDVALIDITY 1", one)})
}

// smarter is a move to a stand-in. Own folders go below their own names, default folders into those of the mailbox's
// language.
func smarter(name string, o standin.Options) story {
	s := story{name: name, like: &o, arm: func(w *world) {
		for _, f := range []struct{ name, use string }{{"Trash", `\Trash`}, {"Junk", `\Junk`}} {
			w.joeSrc.Create(f.name, f.use)
			for i := range 8 {
				w.joeSrc.Add(f.name, plain(i, f.name))
			}
		}
	}}
	as := map[string]string{"Deleted Items": "Trash", "Junk E-Mail": "Junk", "Drafts": "Drafts", "Sent Items": "Sent"}
	s.want.fold = map[string]string{}
	for _, f := range standin.DefaultFolders(o.Locale) {
		if f.Name != as[f.English] {
			s.want.fold[f.Name] = as[f.English]
		}
		if o.IMAP.Late && f.English == "Sent Items" { // of a language that two names do not tell it is made in English
			s.want.fold[f.English] = as[f.English]
		}
	}
	if o.IMAP.Separator == "." {
		s.want.fold["Work.Deep"] = "Work/Deep"
	}
	if o.IMAP.Keywords == standin.KeywordsNone {
		s.want.flags = noKeywords
	}
	s.want.anyDate = o.IMAP.Arrival
	if most := o.IMAP.MaxSize; most > 0 {
		s.want.refused = func(m faults.Message) bool { return int64(len(m.Body)) > most }
		s.want.words = "large"
	}
	return s
}
