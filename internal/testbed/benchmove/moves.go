package main

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"crossfade/internal/faults"
	"crossfade/internal/testbed"
)

// withoutMultiappend is what a Dovecot offers, but for MULTIAPPEND.
const withoutMultiappend = "CROSSFADE_DEST_CAPABILITY=IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT THREAD=REFERENCES UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED CONDSTORE QRESYNC ESEARCH ESORT WITHIN LIST-STATUS BINARY MOVE SPECIAL-USE LITERAL+"

// bench measures the moves of one mailbox.
type bench struct {
	o     options
	t     *tb
	size  size
	work  string
	marks []testbed.Mark // of the source
	rows  []row
}

// leg is a way that mail can take.
type leg struct {
	name   string
	source string // host:port
	dest   *testbed.Server
	delay  time.Duration
	single bool // the destination takes one message with each APPEND
	ours   bool // for Crossfade alone
}

// row is one line of the table: the median of some runs.
type row struct {
	size size
	leg  string
	tool string
	ok   string // what was found after the last run
	m    measured
}

// measured is what one run took.
type measured struct {
	wall, first time.Duration // first: from the first messages on; 0 if not known
	cpu         time.Duration
	peak        int64 // bytes
	err         error
}

func newBench(t *tb, o options, s size, work string) *bench {
	return &bench{o: o, t: t, size: s, work: work}
}

// all measures every tool on every leg.
func (b *bench) all(single bool) error {
	bed := testbed.Start(b.t, []string{"CROSSFADE_SOURCE_FORMAT=mdbox", "CROSSFADE_DEST_FORMAT=mdbox"}, testbed.Source, testbed.Dest)
	source := bed.Server(testbed.Source)
	source.FillQuick(b.t, testbed.User(0), b.size.count, b.size.bytes)
	var err error
	if b.marks, err = testbed.Marks(source.Addr, testbed.User(0)); err != nil { // the source's caches are warm from here on
		return err
	}
	if len(b.marks) != b.size.count {
		return fmt.Errorf("%d messages on the source, want %d", len(b.marks), b.size.count)
	}
	for _, delay := range b.o.delays {
		l := leg{name: fmt.Sprintf("%d ms", delay.Milliseconds()), source: source.Addr, dest: bed.Server(testbed.Dest), delay: delay}
		if delay > 0 {
			l.source = faults.NewRelay(b.t, source.Addr, delay/2).Addr
		}
		if err := b.leg(l); err != nil {
			return err
		}
	}
	if slices.Max(append(b.o.delays, 0)) > 0 {
		l := leg{name: "0 ms through the relay", source: faults.NewRelay(b.t, source.Addr, 0).Addr, dest: bed.Server(testbed.Dest), ours: true}
		if err := b.leg(l); err != nil {
			return err
		}
	}
	if !single {
		return nil
	}
	other := testbed.Start(b.t, []string{"CROSSFADE_DEST_FORMAT=mdbox", withoutMultiappend}, testbed.Dest)
	return b.leg(leg{name: "0 ms, without MULTIAPPEND", source: source.Addr, dest: other.Server(testbed.Dest), single: true})
}

// leg measures every tool on one leg, by turns.
func (b *bench) leg(l leg) error {
	runs := make(map[string][]measured)
	notes := make(map[string]string)
	for range b.o.runs {
		for _, t := range allTools() {
			if !slices.Contains(b.o.tools, t.name) || t.skip != nil && t.skip(b.size, l) || l.ours && t.name != "crossfade" {
				continue
			}
			m, note, err := b.once(t, l)
			if err != nil {
				return err
			}
			runs[t.name], notes[t.name] = append(runs[t.name], m), note
			if b.o.verbose {
				fmt.Fprintf(os.Stderr, "%-12s %-26s %-12s %7.2f s  first %7.2f s  cpu %6.2f s  %4d MB  %s\n", b.size, l.name, t.name,
					m.wall.Seconds(), m.first.Seconds(), m.cpu.Seconds(), m.peak>>20, note)
			}
		}
	}
	for _, t := range allTools() {
		if all := runs[t.name]; len(all) > 0 {
			slices.SortFunc(all, func(x, y measured) int { return cmp.Compare(x.wall, y.wall) })
			b.rows = append(b.rows, row{b.size, l.name, t.name, notes[t.name], all[len(all)/2]})
		}
	}
	return nil
}

// once lets a tool move the mailbox and looks at what it left.
func (b *bench) once(t tool, l leg) (measured, string, error) {
	l.dest.Empty(b.t, testbed.User(0))
	if err := b.login(l.dest); err != nil { // so that no tool waits for the new user's folders to be made
		return measured{}, "", err
	}
	dir, err := os.MkdirTemp(b.work, t.name+"-")
	if err != nil {
		return measured{}, "", err
	}
	defer func() { _ = os.RemoveAll(dir) }() // the next run has its own
	m := t.move(b, l, dir)
	if m.err != nil {
		if b.o.verbose {
			fmt.Fprintf(os.Stderr, "%s: %v\n", t.name, m.err)
		}
		return m, "failed: " + firstLine(m.err.Error()), nil
	}
	note, err := b.compare(l.dest)
	return m, note, err
}

func (b *bench) login(s *testbed.Server) error {
	_, err := testbed.Marks(s.Addr, testbed.User(0))
	return err
}

// compare says what differs between the source and the destination.
func (b *bench) compare(dest *testbed.Server) (string, error) {
	got, err := testbed.Marks(dest.Addr, testbed.User(0))
	if err != nil {
		return "", err
	}
	if len(got) != len(b.marks) {
		return fmt.Sprintf("%d of %d messages", len(got), len(b.marks)), nil
	}
	var id, date, flags, size int
	for i, g := range got {
		w := b.marks[i]
		count(&id, g.ID != w.ID)
		count(&date, strings.TrimSpace(g.Date) != strings.TrimSpace(w.Date))
		count(&flags, g.Flags != w.Flags)
		count(&size, g.Size != w.Size)
	}
	var out []string
	for _, d := range []struct {
		n    int
		what string
	}{{id, "other messages"}, {date, "other dates"}, {flags, "other flags"}, {size, "other sizes"}} {
		if d.n > 0 {
			out = append(out, fmt.Sprintf("%d %s", d.n, d.what))
		}
	}
	return cmp.Or(strings.Join(out, ", "), "equal"), nil
}

func count(n *int, yes bool) {
	if yes {
		*n++
	}
}

// print writes the table as Markdown.
func print(rows []row) {
	fmt.Println("| mailbox | added round trip | tool | messages/s | MB/s | from first | CPU s | CPU ms/message | peak MB | end state |")
	fmt.Println("|---|---|---|---:|---:|---:|---:|---:|---:|---|")
	for _, r := range rows {
		n, wall := float64(r.size.count), r.m.wall.Seconds()
		first := ""
		if r.m.first > 0 {
			first = fmt.Sprintf("%.0f", n/r.m.first.Seconds())
		}
		fmt.Printf("| %s | %s | %s | %.0f | %.1f | %s | %.2f | %.3f | %.0f | %s |\n", r.size, r.leg, r.tool, n/wall,
			n*float64(r.size.bytes)/wall/1e6, first, r.m.cpu.Seconds(), r.m.cpu.Seconds()*1000/n, float64(r.m.peak)/(1<<20), r.ok)
	}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// hostPort splits an address that we made.
func hostPort(addr string) (host, port string) {
	host, port, _ = net.SplitHostPort(addr)
	return host, port
}

// file writes a tool's configuration.
func file(dir, name, text string) (string, error) {
	p := filepath.Join(dir, name)
	return p, os.WriteFile(p, []byte(text), 0o600)
}
