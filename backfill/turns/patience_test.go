package turns

import (
	"testing"
	"time"
)

// TestPatience: pauses grow while nothing gets on, each kind on its own, and are as good as new when all is well, when
// something was moved, or when somebody says so.
func TestPatience(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	first := Pauses{Recheck: 30 * time.Second, Error: time.Second, Account: 2 * time.Minute}
	const s, m, h = time.Second, time.Minute, time.Hour
	for _, c := range []struct {
		name  string
		ends  []End
		moved []uint64 // as of each end; the last one holds on
		waits []time.Duration
		firm  bool // the last one
	}{
		{"well", []End{Well, Well}, nil, []time.Duration{30 * s, 30 * s}, false},
		{"a bad folder", []End{Failed, Failed, Failed, Failed, Failed, Failed, Failed, Failed}, nil, []time.Duration{s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, m, m}, false},
		{"a server that is down", []End{Unavailable, Unavailable, Unavailable, Unavailable, Unavailable, Unavailable}, nil, []time.Duration{s, 2 * s, 4 * s, 8 * s, 10 * s, 10 * s}, false},
		{"it gets on", []End{Failed, Failed, Failed, Failed}, []uint64{0, 0, 1}, []time.Duration{s, 2 * s, s, 2 * s}, false},
		{"a full mailbox", []End{Refused, Refused, Refused, Refused, Refused, Refused, Refused}, nil, []time.Duration{2 * m, 4 * m, 8 * m, 16 * m, 32 * m, h, h}, true},
		{"space again", []End{Refused, Refused, Well, Refused}, nil, []time.Duration{2 * m, 4 * m, 30 * s, 2 * m}, true},
		{"a password", []End{Locked, Locked, Locked, Locked, Locked, Locked, Locked}, nil, []time.Duration{h, 2 * h, 4 * h, 8 * h, 16 * h, 24 * h, 24 * h}, true},
		{"a password is not made good by moving", []End{Locked, Locked}, []uint64{0, 5}, []time.Duration{h, 2 * h}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p Patience
			moved, firm := uint64(0), false
			for i, end := range c.ends {
				if i < len(c.moved) {
					moved = c.moved[i]
				}
				var wait time.Duration
				if wait, firm = p.After(end, moved, first, now); wait != c.waits[i] {
					t.Errorf("pause %d is %v, want %v", i, wait, c.waits[i])
				}
			}
			if firm != c.firm || firm != p.Until.Equal(now.Add(c.waits[len(c.waits)-1])) {
				t.Errorf("firm %v, until %v", firm, p.Until)
			}
			p.Forgive()
			if wait, _ := p.After(Failed, moved, first, now); wait != s || p.Secret || !p.Until.IsZero() {
				t.Errorf("forgiven: %v, %+v", wait, p)
			}
		})
	}
}

// TestRests: whoever waits hears of a rest that began before, while and after it came, and of none when it has gone.
func TestRests(t *testing.T) {
	r := NewRests(false)
	paused, stops := false, 0
	rests := func() bool { all, _ := r.All(); return all || paused }
	stop := func() { stops++ }
	forget := r.When(rests, stop)
	r.Changed()
	if stops != 0 {
		t.Error("stopped although nothing rests")
	}
	_, turned := r.All()
	paused = true // by itself
	r.Changed()
	<-turned
	if stops != 1 {
		t.Errorf("stopped %d times", stops)
	}
	r.When(rests, stop)()
	if stops != 2 {
		t.Errorf("what rests already: stopped %d times", stops)
	}
	forget()
	r.Set(true)
	r.Changed()
	if stops != 2 {
		t.Errorf("stopped %d times after it was forgotten", stops)
	}
}
