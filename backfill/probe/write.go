package probe

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/mapping"
)

// write finds out how the destination treats what is written to it.
func (p *prober) write(ctx context.Context, n notes) {
	p.leftovers(ctx, n)
	s, err := newScratch(ctx, p.dst)
	if err != nil {
		n.red("scratch", "see why this account may not make folders", "a scratch folder cannot be made: %s", words(err))
		return
	}
	defer s.remove(ctx, n)
	parts := []func(context.Context, notes, *scratch) error{plainMail, dates, odd, twins, pipeline, clock, appendUID, recreate, names}
	if p.Large {
		parts = append(parts, large)
	}
	defer func() { p.limits = s.limits }()
	for _, part := range parts {
		if err := part(ctx, n, s); err != nil {
			n.red("writing", "mend that and check again: what comes after it was not tried", "the probe broke off: %s", words(err))
			return
		}
	}
}

// leftovers names the folders of probes that were killed.
func (p *prober) leftovers(ctx context.Context, n notes) {
	folders, err := step(ctx, p.dst.Folders)
	if err != nil {
		return // it will be told when the scratch folder cannot be made
	}
	for _, f := range folders {
		if i := len(f.Path) - 1; i >= 0 && strings.HasPrefix(f.Path[i], scratchName) {
			n.yellow("leftover", "delete it with a mail program, unless another check is running", "%q was left behind by a check that was killed", f.Path.String())
		}
	}
}

// plainMail writes one ordinary message and looks at everything it has.
func plainMail(ctx context.Context, n notes, s *scratch) error {
	l := newLetter("an ordinary message")
	system, keywords := mapping.NewFlags(`\Seen`, `\Answered`, `\Flagged`, `\Draft`), mapping.NewFlags("$Forwarded", "CrossfadeCheck")
	l.flags = system.Add(keywords)
	results, got, err := s.put(ctx, l)
	if err != nil {
		return err
	}
	if err := results[0].Err; err != nil {
		l.flags = system // perhaps it refuses keywords that it does not know
		n.yellow("keywords-append", "", "it refuses a message with keywords: %s", words(err))
		if results, got, err = s.put(ctx, l); err != nil {
			return err
		} else if results[0].Err != nil {
			return results[0].Err
		}
	}
	if len(got) != 1 {
		return fmt.Errorf("one message was written and acknowledged, and %d are there", len(got))
	}
	if how := differ(l.text, got[0].text); how == "" {
		n.green("bytes", "an ordinary message keeps every byte")
	} else {
		n.red("bytes", "switch off what alters mail (virus or spam checks, disclaimers, header rewriting) for APPEND; copies could not be proven equal",
			"it rewrites messages: %s", how)
	}
	if lost := system.Remove(got[0].Flags); lost == "" {
		n.green("flags", "\\Seen, \\Answered, \\Flagged and \\Draft are kept")
	} else {
		n.yellow("flags", "", "these flags of a message are lost: %s", lost)
	}
	if err := numbers(ctx, n, s, got[0]); err != nil {
		return err
	}
	return keywordsKept(ctx, n, s, got[0], keywords)
}

// keywordsKept tells whether keywords are kept by APPEND, or at least by STORE.
func keywordsKept(ctx context.Context, n notes, s *scratch, got found, keywords mapping.Flags) error {
	lost := keywords.Remove(got.Flags)
	if lost == "" {
		n.green("keywords", "keywords are kept")
		return nil
	}
	state, err := step(ctx, func(ctx context.Context) (backfill.BoxState, error) { return s.Examine(ctx, s.box) })
	if err != nil {
		return err
	}
	after, err := step(ctx, func(ctx context.Context) (map[uint32]mapping.Flags, error) {
		return s.Store(ctx, s.box, state.UIDValidity, imap.UIDSetNum(imap.UID(got.UID)), backfill.FlagsAdd, lost)
	})
	if still := lost.Remove(after[got.UID]); err == nil && still == "" {
		n.green("keywords", "keywords are dropped by APPEND and kept by STORE: each message that has some takes one command more")
	} else {
		n.yellow("keywords", "tell users who sort by tags: tags stay in the proxy while a folder moves, and are reported",
			"it does not keep keywords: %s", lost)
	}
	return nil
}

// dates tries INTERNALDATE: the past, other zones, the future.
func dates(ctx context.Context, n notes, s *scratch) error {
	cases := []struct {
		check, what string
		level       Level
		date        time.Time
	}{
		{"date-past", "of a leap day in 1996", Red, time.Date(1996, 2, 29, 23, 59, 58, 0, time.UTC)},
		{"date-zone", "with the zone +0545", Red, time.Date(2004, 7, 1, 1, 2, 3, 0, time.FixedZone("", 5*3600+45*60))},
		{"date-1970", "of 1970", Yellow, time.Date(1970, 1, 2, 3, 4, 5, 0, time.UTC)},
		{"date-future", "in the future", Yellow, time.Now().AddDate(1, 0, 0).UTC().Truncate(time.Second)},
	}
	var kept []string
	for _, c := range cases {
		l := newLetter("a date " + c.what)
		l.date = c.date
		results, got, err := s.put(ctx, l)
		switch {
		case err != nil:
			return err
		case results[0].Err != nil:
			n.tell(Finding{Destination, c.check, c.level, "it refuses a date " + c.what + ": " + words(results[0].Err), "such mail stays on the old server and is reported"})
		case len(got) == 1 && got[0].Date.Equal(c.date):
			kept = append(kept, c.what)
		case len(got) == 1:
			n.tell(Finding{Destination, c.check, c.level, fmt.Sprintf("a date %s becomes %s", c.what, got[0].Date.Format(time.RFC1123Z)),
				"mail programs that sort by arrival show such mail at the wrong place; each is reported"})
		}
	}
	if len(kept) > 0 {
		n.green("dates", "INTERNALDATE is kept: %s", strings.Join(kept, ", "))
	}
	return nil
}

// twins tells whether equal messages fall together.
func twins(ctx context.Context, n notes, s *scratch) error {
	a := newLetter("a message that comes twice")
	b := a
	b.text = bytes.Replace(a.text, []byte("may be deleted"), []byte("can be deleted"), 1) // same Message-ID, other text
	results, got, err := s.put(ctx, a, a, b)
	if err != nil {
		return err
	}
	for _, r := range results {
		if r.Err != nil {
			n.yellow("twins", "equal messages that it refuses stay on the old server and are reported", "it refuses a message that is there already: %s", words(r.Err))
			return nil
		}
	}
	if len(got) < 3 {
		n.red("twins", "switch the removal of duplicates off while mail moves: copies that vanish look as if their user had deleted them",
			"it removes duplicates: of three messages with one Message-ID, two of them equal, %d are there", len(got))
		return nil
	}
	n.green("twins", "equal messages stay apart")
	return nil
}

// pipeline writes a handful at once: in order, each answered.
func pipeline(ctx context.Context, n notes, s *scratch) error {
	letters := make([]letter, 20)
	for i := range letters {
		letters[i] = newLetter(fmt.Sprintf("message %d of %d", i+1, len(letters)))
	}
	start := time.Now()
	results, got, err := s.put(ctx, letters...)
	if err != nil {
		return err
	}
	took := time.Since(start)
	bad := slices.IndexFunc(results, func(r backfill.AppendResult) bool { return r.Err != nil })
	same := len(got) == len(letters)
	for i := 0; same && i < len(got); i++ {
		same = got[i].MsgID == mapping.MessageIDFromHeader(letters[i].text)
	}
	switch {
	case bad >= 0:
		n.red("pipeline", "see why", "of %d ordinary messages written in one go it refused one: %s", len(letters), words(results[bad].Err))
	case !same:
		n.red("pipeline", help, "of %d messages written in one go %d are there, or in another order", len(letters), len(got))
	default:
		n.green("pipeline", "%d messages in one go arrive, in order; with the look at them that took %s", len(letters), took.Round(time.Millisecond))
	}
	return nil
}

// differ tells in words how bytes were altered; "" if they were not.
func differ(sent, got []byte) string {
	if bytes.Equal(sent, got) {
		return ""
	}
	sentHead, sentBody, _ := bytes.Cut(sent, []byte("\r\n\r\n"))
	gotHead, gotBody, _ := bytes.Cut(got, []byte("\r\n\r\n"))
	lf := func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) }
	switch {
	case bytes.Equal(bytes.ReplaceAll(sent, []byte{0}, []byte{0x80}), got):
		return "NUL becomes 0x80"
	case bytes.Equal(bytes.ReplaceAll(sent, []byte{0}, nil), got):
		return "NUL is left out"
	case bytes.Equal(lf(sent), lf(got)):
		return "other line ends"
	case bytes.Equal(bytes.TrimRight(sent, "\r\n"), bytes.TrimRight(got, "\r\n")):
		return "other line ends at the end"
	case len(got) < len(sent) && bytes.HasPrefix(sent, got):
		return fmt.Sprintf("cut off after %d of %d bytes", len(got), len(sent))
	case bytes.Equal(sentBody, gotBody):
		if added := newLine(sentHead, gotHead); added != "" {
			return fmt.Sprintf("a header line is added: %q", added)
		}
		return "the header is another"
	}
	return "other bytes"
}

// newLine is the first line that only the second header has.
func newLine(sent, got []byte) string {
	for line := range bytes.SplitSeq(got, []byte("\r\n")) {
		if !bytes.Contains(sent, line) {
			return string(line[:min(len(line), 60)])
		}
	}
	return ""
}
