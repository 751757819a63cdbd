package pace

import "time"

const (
	trialTime = 5 * time.Second  // how long a rate must hold to be safe
	minHold   = 30 * time.Second // how long a found rate is kept before a higher one is tried
	maxHold   = 3 * time.Minute
	minRate   = 5    // never slower than that: pauses are for what is worse, and little traffic proves no lower rate
	nearly    = 0.06 // a gap between safe and too much that is not worth halving
	firstStep = 0.05 // by how much a rate that was kept is raised at first
	maxStep   = 0.5
)

// search finds how many messages a second a server bears, and keeps to it.
type search struct {
	rate    float64 // 0: no limit was found
	safe    float64 // the highest rate that went through a trial since it was last refused
	tooMuch float64 // the lowest rate that was refused; 0: not known
	step    float64 // next raise
	holding bool    // the rate is kept
	raised  bool    // the rate is a trial above one that was kept
	doubted bool    // the kept rate was refused and lowered, and has not gone through a trial since
	hold    time.Duration
	probe   time.Time // when a higher rate is tried

	begun  time.Time // of the trial
	passed float64   // messages in the trial
	deaf   time.Time // refusals until then answer what was sent at the rate before
}

// refused takes a refusal for being too fast. goodput is how many a second were accepted lately, 0 if none.
func (s *search) refused(now time.Time, goodput float64) {
	if now.Before(s.deaf) || goodput == 0 {
		return // the rate in question was lowered already, or it is not the rate that is refused
	}
	was := s.rate
	switch {
	case was == 0: // without a limit: what was accepted is what the server bears
		s.rate, s.step, s.hold = goodput*0.95, 2*firstStep, minHold
	case s.raised: // it was well before
		s.tooMuch = was
		s.keep(now)
		s.hold = min(2*s.hold, maxHold)
		s.probe = now.Add(s.hold)
	case s.holding && !s.doubted: // it was a little too much in the long run
		s.doubted, s.tooMuch = true, was
		s.safe = was * (1 - firstStep)
		s.keep(now)
	case s.holding || s.safe == 0: // the server bears less than it did
		s.rate, s.safe, s.tooMuch = min(was*0.8, max(goodput, was*0.5)), 0, was
	default:
		s.tooMuch = was
		s.aim(now)
	}
	s.rate = max(s.rate, minRate)
	if s.rate != s.safe {
		s.holding = false
	}
	s.try(now)
	s.deaf = now.Add(time.Second)
}

// try begins a trial.
func (s *search) try(now time.Time) { s.begun, s.passed = now, 0 }

// keep stays at the safe rate for a while.
func (s *search) keep(now time.Time) {
	s.rate, s.holding, s.raised, s.step = s.safe, true, false, firstStep
	s.probe = now.Add(s.hold)
}

// aim chooses between what is safe and what is too much.
func (s *search) aim(now time.Time) {
	if s.tooMuch/s.safe-1 <= nearly {
		s.keep(now)
		return
	}
	s.rate, s.raised, s.holding = (s.safe+s.tooMuch)/2, false, false
}

// moved counts messages that the server took and ends a trial that lasted long enough.
func (s *search) moved(now time.Time, n float64) {
	if s.rate == 0 {
		return
	}
	s.passed += n
	took := now.Sub(s.begun)
	if took < trialTime {
		return
	}
	used := s.passed >= 0.7*s.rate*took.Seconds()
	s.try(now)
	if !used {
		return // there was too little to do to prove anything
	}
	s.safe, s.doubted = max(s.rate, minRate), false
	switch {
	case s.holding && now.Before(s.probe):
	case s.holding || s.raised || s.tooMuch <= s.safe: // a little more; after each success a larger step
		if s.raised {
			s.hold = minHold
		}
		s.tooMuch, s.holding, s.raised = 0, false, true
		s.rate = s.safe * (1 + s.step)
		s.step = min(2*s.step, maxStep)
	default:
		s.aim(now)
	}
}
