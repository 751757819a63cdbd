package standin

import (
	"crossfade/internal/faults"
)

// Switch is one thing that a destination may do in several ways, of which the proxy must get along with each.
type Switch struct {
	Name      string
	Defensive bool // its positions beyond the first are guesses
	Positions []Position
}

// Position is one way. Set is nil for the way of 2023, which is the first.
type Position struct {
	Name string
	Set  func(*Options)
}

// IMAPSwitches are the switches that a move through IMAP meets. UIDVALIDITY 0 is not among them: it has stories of its own.
func IMAPSwitches() []Switch {
	at := func(name string, set func(o *IMAPOptions)) Position {
		return Position{Name: name, Set: func(o *Options) { set(&o.IMAP) }}
	}
	in := func(locale string) Position {
		return Position{Name: locale, Set: func(o *Options) { o.Locale = locale }}
	}
	return []Switch{
		{"banner", false, []Position{{Name: "SmarterMail"}, at("other", func(o *IMAPOptions) { o.Banner = "[CAPABILITY IMAP4rev1] mail.example.test" })}},
		{"offer", false, []Position{{Name: "2023"}, at("2015", func(o *IMAPOptions) { o.Offer = Offer2015 }),
			at("IDLE once in", func(o *IMAPOptions) { o.OfferIn = append([]string{"IDLE"}, Offer2023.list()...) })}},
		{"separator", false, []Position{{Name: "/"}, at(".", func(o *IMAPOptions) { o.Separator = "." })}},
		{"inbox", false, []Position{{Name: "INBOX"}, at("Inbox", func(o *IMAPOptions) { o.MixedInbox = true })}},
		{"children", false, []Position{{Name: "good"}, at("INBOX's", func(o *IMAPOptions) { o.InboxOfAll = true })}},
		{"language", false, []Position{{Name: "en"}, in("de"), in("fr"), in("es"), in("it"), in("nl"), in("pt"), in("pl"), in("ja"), in("vi"), in("ar")}},
		{"Sent Items and Drafts", false, []Position{{Name: "there"}, at("late", func(o *IMAPOptions) { o.Late = true })}},
		{"Drafts in XLIST", true, []Position{{Name: "untold"}, at("told", func(o *IMAPOptions) { o.XListDrafts = true })}},
		{"UIDVALIDITY", true, []Position{{Name: "1"}, at("good", func(o *IMAPOptions) { o.Validity = ValidityGood })}},
		{"keywords", false, []Position{{Name: "stored"}, at("none", func(o *IMAPOptions) { o.Keywords = KeywordsNone }), at("kept", func(o *IMAPOptions) { o.Keywords = KeywordsKept })}},
		{"CHANGEDSINCE", true, []Position{{Name: "changed"}, at("all", func(o *IMAPOptions) { o.AllChanged = true })}},
		{"spaces", false, []Position{{Name: "two"}, at("one", func(o *IMAPOptions) { o.SingleSpaces = true })}},
		{"envelope", false, []Position{{Name: "good"}, at("odd", func(o *IMAPOptions) { o.OddEnvelope = true })}},
		{"search", true, []Position{{Name: "good"}, at("nothing", func(o *IMAPOptions) { o.WrongSearch = faults.SearchNothing }),
			at("all", func(o *IMAPOptions) { o.WrongSearch = faults.SearchAll }), at("half", func(o *IMAPOptions) { o.WrongSearch = faults.SearchHalf })}},
		{"dates", true, []Position{{Name: "kept"}, at("arrival", func(o *IMAPOptions) { o.Arrival = true })}},
		{"zone", false, []Position{{Name: "local"}, at("UTC", func(o *IMAPOptions) { o.UTC = true })}},
		{"refused logins", true, []Position{{Name: "plain"}, at("coded", func(o *IMAPOptions) { o.Coded = true })}},
		{"connections", true, []Position{{Name: "any"}, at("4 for a mailbox", func(o *IMAPOptions) { o.MaxUserConns = 4 }), at("6 in all", func(o *IMAPOptions) { o.MaxConns = 6 })}},
		{"sizes", true, []Position{{Name: "any"}, at("30 kB", func(o *IMAPOptions) { o.MaxSize = 30_000 })}},
	}
}

// Apply sets the positions of switches, one number for each.
func Apply(all []Switch, row []int) (o Options, name string) {
	for i, s := range all {
		p := s.Positions[row[i]]
		if p.Set != nil {
			p.Set(&o)
			name += ", " + s.Name + " " + p.Name
		}
	}
	if name == "" {
		return o, "as in 2023"
	}
	return o, name[2:]
}

// Pairs are rows of positions so that any two positions of any two switches stand together in one of them. The first row
// is the way of 2023; the most telling rows come first.
func Pairs(all []Switch) [][]int {
	type pair struct{ a, i, b, j int } // switch a at i, b at j
	open := map[pair]bool{}
	for a := range all {
		for b := range a {
			for i := range all[a].Positions {
				for j := range all[b].Positions {
					open[pair{a, i, b, j}] = true
				}
			}
		}
	}
	gains := func(row []int, a, i int) (n int) { // how many open pairs switch a at i would make
		for b, j := range row {
			p := pair{a, i, b, j}
			if b > a {
				p = pair{b, j, a, i}
			}
			if open[p] {
				n++
			}
		}
		return n
	}
	close := func(row []int) {
		for a, i := range row {
			for b, j := range row[:a] {
				delete(open, pair{a, i, b, j})
			}
		}
	}
	rows := [][]int{make([]int, len(all))}
	close(rows[0])
	for len(open) > 0 {
		best := pair{a: -1}
		for p := range open { // the smallest, so that the rows are the same each time
			if best.a < 0 || p.a < best.a || p.a == best.a && (p.b < best.b || p.b == best.b && (p.i < best.i || p.i == best.i && p.j < best.j)) {
				best = p
			}
		}
		row := make([]int, len(all))
		for k := range row {
			row[k] = -1
		}
		row[best.a], row[best.b] = best.i, best.j
		for k := range row {
			if row[k] >= 0 {
				continue
			}
			most := -1
			for i := range all[k].Positions {
				if n := gains(row, k, i); n > most || n == most && i == len(rows)%len(all[k].Positions) {
					most, row[k] = n, i
				}
			}
		}
		close(row)
		rows = append(rows, row)
	}
	return rows
}
