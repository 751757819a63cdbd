package backfill_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/backfill/driver/imap"
	"crossfade/backfill/verify"
	"crossfade/internal/faults"
	"crossfade/internal/standin"
	"crossfade/store"
	"crossfade/store/memory"
)

// story is one move of a mixed mailbox under one fault: the real driver on both sides, the real engine, and a
// comparison that shares no code with either.
type story struct {
	name     string
	src, dst faults.Quirks
	// like: the destination is a stand-in for SmarterMail, and dst does not count.
	like *standin.Options
	// arm sets the fault before the engine starts.
	arm func(w *world)
	// opt changes the engine's options.
	opt func(*backfill.Options)
	// during runs beside the move, once it has begun; an error fails the story.
	during func(ctx context.Context, w *world) error
	// done tells when the move has ended; nil: when the engine says so.
	done func(backfill.Report) bool
	// live: the source changes during the story. What it holds at the end counts, however long that takes to arrive.
	live bool
	time time.Duration // how long it may take; 0: storyTime
	// want is how the destination must look.
	want expectation
}

// expectation is how a message of the source must look on the destination. Zero: the same in everything.
type expectation struct {
	body     func([]byte) []byte       // as the destination has its bytes
	refused  func(faults.Message) bool // is not there, and is named
	words    string                    // in the words of each refusal
	flags    func(f []string) []string // as the destination has its flags
	anyDate  bool                      // dates are not kept
	folders  func(name string) bool    // folders that are compared; nil: all
	fold     map[string]string         // folders of the destination that count as others
	appends  int                       // most APPEND commands beyond one for each message; 0: 200
	restless bool                      // something goes on for ever beside it
	unproven bool                      // verify cannot be content: what it says is not looked at
	verify   func(verify.Report) error // further looks at verify's report of each folder
}

// world is what a story works with.
type world struct {
	src, dst             *faults.Server
	toSrc, toDst         *faults.Relay // nil unless asked for by relays
	joeSrc, joeDst       *faults.Account
	engine               *backfill.Engine
	kv                   store.KV
	opt                  func(*backfill.Options)
	stop                 func() error
	srcDriver, dstDriver backfill.Driver
	smarter              *standin.Server // nil unless the story wants it
}

// newWorld starts both servers with relays before them.
func newWorld(t testing.TB, s story) *world {
	w := &world{src: faults.Start(t, s.src), kv: memory.New()}
	if s.like != nil {
		w.smarter = standin.Start(t, *s.like)
		w.smarter.Directory.AddMailbox(standin.Mailbox{Email: "joe", Password: "pw"})
		w.dst = w.smarter.IMAP.Server
	} else {
		w.dst = faults.Start(t, s.dst)
	}
	w.toSrc, w.toDst = faults.NewRelay(t, w.src.Addr, 0), faults.NewRelay(t, w.dst.Addr, 0)
	w.joeSrc, w.joeDst = w.src.Account("joe", "pw"), w.dst.Account("joe", "pw")
	return w
}

// start runs an engine over the world's state.
func (w *world) start() error {
	st, err := store.Open(w.kv)
	if err != nil {
		return err
	}
	for _, side := range []struct {
		url string
		d   *backfill.Driver
	}{{w.toSrc.URL(), &w.srcDriver}, {w.toDst.URL(), &w.dstDriver}} {
		if *side.d, err = imap.New(imap.Options{URL: side.url, Timeout: 5 * time.Second, DialTimeout: 2 * time.Second}); err != nil {
			return err
		}
	}
	opt := backfill.Options{
		Source: w.srcDriver, Destination: w.dstDriver, Store: st,
		Poll: 20 * time.Millisecond, Recheck: 50 * time.Millisecond, Grace: 100 * time.Millisecond, Pause: 50 * time.Millisecond,
	}
	if w.opt != nil {
		w.opt(&opt)
	}
	if w.engine, err = backfill.New(opt); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	e := w.engine
	go func() { done <- e.Run(ctx) }()
	w.stop = func() error { cancel(); return <-done }
	return nil
}

// login enrols an account, however often it takes while servers misbehave.
func (w *world) login(ctx context.Context, user string) error {
	for {
		s, err := w.engine.Login(ctx, user, "pw")
		if err == nil {
			return s.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("login: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

const storyTime = 5 * time.Minute

// tell runs the story and says what is wrong with its end.
func (s story) tell(t testing.TB) error {
	return s.happen(t, newWorld(t, s))
}

// happen is tell in a world that the caller knows.
func (s story) happen(t testing.TB, w *world) (err error) {
	fill(w.joeSrc, s.src)
	if w.smarter == nil {
		w.joeDst.Create(s.dst.Prefix+"Sent", `\Sent`)
		w.joeDst.Create(s.dst.Prefix+"Drafts", `\Drafts`)
	}
	w.opt = s.opt
	if s.arm != nil {
		s.arm(w)
	}
	before := truth(w.joeSrc)
	if err := w.start(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.stop()) }()
	ctx, cancel := context.WithTimeout(t.Context(), cmp.Or(s.time, storyTime))
	defer cancel()
	if err := w.login(ctx, "joe"); err != nil {
		return err
	}
	if s.during != nil {
		if err := s.during(ctx, w); err != nil {
			return err
		}
	}
	if err := w.wait(ctx, s.done); err != nil {
		return err
	}
	if s.live {
		before = truth(w.joeSrc)
		s.follow(ctx, w, before)
	}
	appends := w.dst.Count("APPEND")
	time.Sleep(200 * time.Millisecond) // some more passes: nothing may change any more
	if err := w.wait(ctx, s.done); err != nil {
		return err
	}
	again := w.dst.Count("APPEND")
	most := s.want.appends
	if most == 0 {
		most = 200
	}
	if !s.want.restless && again > appends || again > count(before)+most {
		err = errors.Join(err, fmt.Errorf("%d APPENDs, later %d, for %d messages: it does not end", appends, again, count(before)))
	}
	return errors.Join(err, w.untouched(before), s.compare(before, truth(w.joeDst)), s.verify(ctx, w, before))
}

// follow waits until the destination is as it must be; if that does not come to be, the comparison at the end tells.
func (s story) follow(ctx context.Context, w *world, want map[string][]faults.Message) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		if s.compare(want, truth(w.joeDst)) == nil {
			return
		}
	}
}

func count(all map[string][]faults.Message) (n int) {
	for _, msgs := range all {
		n += len(msgs)
	}
	return n
}

// wait waits for the end of the move.
func (w *world) wait(ctx context.Context, done func(backfill.Report) bool) error {
	if done == nil {
		done = func(r backfill.Report) bool { return r.Done }
	}
	for {
		r := w.engine.Status()
		if done(r) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it does not end: %+v", r)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// truth is what an account holds, by folder.
func truth(a *faults.Account) map[string][]faults.Message {
	out := make(map[string][]faults.Message)
	for _, name := range a.Mailboxes() {
		out[name] = a.Messages(name)
	}
	return out
}

// untouched checks that the source was only read.
func (w *world) untouched(before map[string][]faults.Message) error {
	for _, verb := range []string{"SELECT", "STORE", "UID STORE", "APPEND", "EXPUNGE", "UID EXPUNGE", "COPY", "UID COPY", "MOVE", "UID MOVE", "CREATE", "DELETE", "RENAME", "CLOSE", "SUBSCRIBE"} {
		if n := w.src.Count(verb); n > 0 {
			return fmt.Errorf("the source was sent %d times %s", n, verb)
		}
	}
	return nil
}

// compare compares both sides message by message, each folder as a multiset.
func (s story) compare(src, dst map[string][]faults.Message) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(src)) {
		if s.want.folders != nil && !s.want.folders(name) {
			continue
		}
		balance := map[string]int{}
		for _, m := range src[name] {
			if s.want.refused == nil || !s.want.refused(m) {
				balance[s.want.line(m, true)]++
			}
		}
		for other, as := range s.want.fold {
			if as == name {
				dst[name] = append(slices.Clone(dst[name]), dst[other]...)
			}
		}
		for _, m := range dst[name] {
			balance[s.want.line(m, false)]--
		}
		for line, n := range balance {
			switch {
			case n > 0:
				errs = append(errs, fmt.Errorf("%s: %d missing: %s", name, n, line))
			case n < 0:
				errs = append(errs, fmt.Errorf("%s: %d too many: %s", name, -n, line))
			}
		}
	}
	if len(errs) > 6 {
		errs = append(errs[:6], fmt.Errorf("and %d more differences", len(errs)-6))
	}
	return errors.Join(errs...)
}

// line is all that counts of a message; of the source's, as it should be on the destination.
func (x expectation) line(m faults.Message, source bool) string {
	body, flags, date := m.Body, slices.Clone(m.Flags), m.Date.Unix()
	if source && x.body != nil {
		body = x.body(body)
	}
	if source && x.flags != nil {
		flags = x.flags(flags)
	}
	if x.anyDate {
		date = 0
	}
	slices.Sort(flags)
	return fmt.Sprintf("%s %d %.90q %x", strings.ToLower(strings.Join(flags, " ")), date, body, sha256.Sum256(body))
}

// verify checks that the engine's own report says the same.
func (s story) verify(ctx context.Context, w *world, src map[string][]faults.Message) error {
	if s.want.unproven {
		return nil
	}
	var errs []error
	err := w.engine.Verify(ctx, "", func(r verify.Report) error {
		if s.want.folders != nil && !s.want.folders(r.Name) {
			return nil
		}
		refused := 0
		from := r.Sources
		if s.like == nil {
			from = []string{r.Name}
		}
		for _, name := range from {
			for _, m := range src[name] {
				if s.want.refused != nil && s.want.refused(m) {
					refused++
				}
			}
		}
		if s.want.verify != nil {
			errs = append(errs, s.want.verify(r))
		} else if ok := refused == 0; r.OK != ok || len(r.Refused) != refused {
			errs = append(errs, fmt.Errorf("verify, want %d refused: %+v", refused, r))
		}
		for _, q := range r.Refused {
			if !strings.Contains(q.Words+" "+q.Code+" "+q.Reason, s.want.words) {
				errs = append(errs, fmt.Errorf("refused without the reason %q: %+v", s.want.words, q))
			}
		}
		return nil
	})
	return errors.Join(append(errs, err)...)
}

// runStories runs stories side by side: they mostly wait.
func runStories(t *testing.T, all []story) {
	t.Helper()
	all = chosen(all)
	results := make([]error, len(all))
	room := make(chan struct{}, 12)
	var wg sync.WaitGroup
	for i, s := range all {
		wg.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			results[i] = s.tell(t)
		})
	}
	wg.Wait()
	for i, s := range all {
		t.Run(s.name, func(t *testing.T) {
			if results[i] != nil {
				t.Error(results[i])
			}
		})
	}
}

// chosen are the stories whose name holds CROSSFADE_TEST_STORY; all if that is not set.
func chosen(all []story) []story {
	part := os.Getenv("CROSSFADE_TEST_STORY")
	return slices.DeleteFunc(all, func(s story) bool { return !strings.Contains(s.name, part) })
}
