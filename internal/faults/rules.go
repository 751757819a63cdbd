package faults

import (
	"math"
	"strings"
	"time"
)

// Command is one command as a Rule sees it.
type Command struct {
	Name     string // in upper case, with UID: "UID FETCH"; "GREETING" when a connection begins
	User     string
	Selected string    // the mailbox that is open
	Mailbox  string    // the mailbox that is named, if any
	Line     string    // all behind the tag, literals included
	Messages []Message // of an APPEND
}

// Names tells whether the number set of a FETCH, STORE, COPY or MOVE has this number; a star is any.
func (c Command) Names(n uint32) bool {
	words := strings.Fields(strings.TrimPrefix(c.Line, "UID "))
	if len(words) < 2 {
		return false
	}
	set, ok := parseSet(words[1], math.MaxUint32)
	return ok && within(set, n)
}

// Cut says where the connection ends.
type Cut int

// CutBefore ends it before the command is done, CutAfter when it is done but not answered, CutHalf in the middle of
// the answer's bytes.
const (
	CutNot Cut = iota
	CutBefore
	CutAfter
	CutHalf
)

// Rule makes something happen to certain commands.
type Rule struct {
	On    string // a command's name, or "" for any
	Match func(Command) bool
	// Nth counts the commands that fit: the nth and, unless Times says otherwise, no other. 0: from the first on.
	Nth int
	// Times is how often the rule acts. 0: once if Nth is set, else for ever.
	Times int

	Delay    time.Duration
	Do       func()        // run before all else, with no lock held: it may change the server
	Answer   string        // said instead of doing it: "NO [OVERQUOTA] full", "BAD what", "BYE I go" (and the connection ends)
	AnswerOf func() string // the same, made when it is needed
	Untagged string        // lines sent before the answer, each without its line end
	Cut      Cut
	Short    int // FETCH, SEARCH, LIST and LSUB leave out what comes behind so many answers, and say OK
}

type rule struct {
	Rule
	seen, acted int
}

// Script adds rules. The first that fits a command acts.
func (s *Server) Script(rules ...Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range rules {
		s.rules = append(s.rules, &rule{Rule: r})
	}
}

// Unscript removes all rules.
func (s *Server) Unscript() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = nil
}

// consult finds the rule that acts on a command; the zero Rule if none does. The caller holds mu.
func (s *Server) consult(c Command) Rule {
	for _, r := range s.rules {
		if r.fits(c) {
			return r.Rule
		}
	}
	return Rule{}
}

func (r *rule) fits(c Command) bool {
	if r.On != "" && !strings.EqualFold(r.On, c.Name) || r.Match != nil && !r.Match(c) {
		return false
	}
	r.seen++
	times := r.Times
	if times == 0 && r.Nth > 0 {
		times = 1
	}
	if r.seen < max(1, r.Nth) || times > 0 && r.acted >= times {
		return false
	}
	r.acted++
	return true
}
