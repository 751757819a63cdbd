package backfill

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"crossfade/backfill/lineage"
	"crossfade/backfill/pace"
	"crossfade/backfill/quarantine"
	"crossfade/backfill/settling"
	"crossfade/backfill/spool"
	"crossfade/backfill/turns"
	"crossfade/internal/durable"
	"crossfade/internal/keyring"
	"crossfade/internal/marks"
	"crossfade/mapping"
	"crossfade/store"
)

// Options configure an Engine. The zero values of all but the first three fields work.
type Options struct {
	Source      Driver
	Destination Driver // its Mail must be a Writer
	Store       *store.Store
	Key         [32]byte       // seals passwords at rest
	Keys        *keyring.File  // made with it: the accounts' own keys, which are destroyed when they are closed; nil: Key alone seals
	Spool       *durable.Spool // files for large bodies on their way; nil: in the system's directory for temporary files
	Quarantine  quarantine.Options
	MemoryBytes int64         // bodies in flight, default 256 MiB
	Hold        bool          // start with the backfill held
	Poll        time.Duration // how often open folders look at both sides, default 2 s
	Recheck     time.Duration // how often a quiet account looks for new mail, default 30 s
	Pause       time.Duration // first pause after an error, doubled while nothing is copied, default 1 s
	Retry       time.Duration // first pause before a refused message is tried again, default 10 min
	Grace       time.Duration // how long after a cut an APPEND may still arrive, default 3 s
	// AccountPause is the first pause after a refusal that concerns an account, such as a full mailbox: 2 min if
	// zero, and then ever longer.
	AccountPause time.Duration
	SettleHold   time.Duration // how long clients wait at most while a folder settles, default 5 s
	Workers      int           // folders looked at or copied at the same time, default 16
	PerAccount   int           // of these in one account, default 2
	// Folders is what the admin says about folders. It decides about a folder when it is first met.
	Folders mapping.PlanOptions
	// Settling says when folders settle by themselves; nil: only by an admin's command.
	Settling *settling.Pace
	Logger   *slog.Logger
	// Users are those whom the admin has listed; nil: nobody is.
	Users func() []LoginIdentity
	// CopyCleaned: folders that the destination empties on its own are copied all the same, instead of being paused.
	CopyCleaned bool
	// Mode says which server decides about logins, Identify what a login name means on both; nil: it is the same on both.
	Mode     LoginMode
	Identify func(login string) (LoginIdentity, error)
	// Sources are further sources by name; Source has none.
	Sources map[string]Driver
	// SourceCredentials are what the admin has configured to open somebody's mailbox on the source. They are never stored.
	SourceCredentials func(LoginIdentity) (Credentials, bool)
	Marks             *marks.File // what must outlive the store; nil: nothing does
	Strikes           StrikeLimits
}

func (o *Options) defaults() {
	set := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	set(&o.Poll, 2*time.Second)
	set(&o.Recheck, 30*time.Second)
	set(&o.Pause, time.Second)
	set(&o.Retry, 10*time.Minute)
	set(&o.Grace, 3*time.Second)
	set(&o.AccountPause, 2*time.Minute)
	set(&o.SettleHold, 5*time.Second)
	if o.MemoryBytes <= 0 {
		o.MemoryBytes = 256 << 20
	}
	if o.Workers <= 0 {
		o.Workers = 16
	}
	if o.PerAccount <= 0 {
		o.PerAccount = 2
	}
	if o.Spool == nil {
		o.Spool = durable.NewSpool("", durable.Floor)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

// Engine is the overlay: it knows the accounts, opens folders, moves mail and answers for both sides.
type Engine struct {
	opt     Options
	store   *store.Store
	vault   *vault
	guesses *guesses
	log     *slog.Logger
	lineage *lineage.Lineage   // whether the store is the one that was written last
	owner   string             // names this run in claims and intents
	started time.Time          // APPENDs of an earlier run may arrive until Grace after it
	bodies  *spool.Room        // on their way
	sources map[string]*source // by name
	above   *pace.Host         // of the destination
	rests   *turns.Rests
	slots   *turns.Slots
	mishaps mishaps
	idle    idleFolders
	saved   *quarantine.Files // bytes of messages in quarantine
	domains domains
	spares  atomic.Pointer[bool]  // whether the destination leaves the folders below one that is deleted; nil: not tried
	asked   atomic.Pointer[Asked] // what Finish said last; nil if it was not asked

	settleStopped atomic.Bool   // no folder settles, by an admin's command
	settleSoon    chan struct{} // of size one: a folder may be ready

	doors doors // of mailboxes that are just being made
	needs needs

	mu       sync.Mutex
	accounts map[store.AccountID]*account
	stopped  bool

	ctx  context.Context // of Run; watchers and workers end with it
	stop context.CancelFunc
	wg   sync.WaitGroup
}

// idleFolders are loaded folders that nobody uses, the longest unused first.
type idleFolders struct {
	mu   sync.Mutex
	list []*folder
}

// New makes an engine over a store. Run starts its background work.
func New(opt Options) (*Engine, error) {
	opt.defaults()
	if opt.Source == nil || opt.Destination == nil || opt.Store == nil {
		return nil, errors.New("backfill: source, destination and store are needed")
	}
	v, err := newVault(opt.Key, opt.Keys)
	if err != nil {
		return nil, err
	}
	var id [8]byte
	if _, err := rand.Read(id[:]); err != nil {
		return nil, err
	}
	e := &Engine{
		opt: opt, store: opt.Store, vault: v, guesses: newGuesses(opt.Strikes, opt.Destination.Host()), log: opt.Logger, lineage: lineage.New(opt.Store, opt.Marks, opt.Logger), owner: hex.EncodeToString(id[:]), started: time.Now(),
		sources: newSources(&opt), above: paceOf(opt.Destination),
		bodies: spool.NewRoom(opt.MemoryBytes, opt.Spool), mishaps: newMishaps(), slots: turns.NewSlots(opt.Workers), rests: turns.NewRests(opt.Hold),
		accounts: make(map[store.AccountID]*account),
		saved:    quarantine.New(opt.Quarantine), settleSoon: make(chan struct{}, 1),
	}
	e.guesses.countOwn(opt.Destination)
	for _, s := range e.sources {
		e.guesses.countOwn(s.Driver)
	}
	e.ctx, e.stop = context.WithCancel(context.Background())
	if err := e.lineage.Reconcile(); err != nil {
		return nil, err
	}
	if err := e.needs.load(e.store); err != nil {
		return nil, fmt.Errorf("read what users wait for: %w", err)
	}
	if err := e.beginAnew(); err != nil {
		return nil, err
	}
	return e, e.load()
}

// load makes the known accounts. Claims of earlier runs are void: the store lets only one process in.
func (e *Engine) load() error {
	var recs []store.Account
	var said store.Control
	err := e.store.View(func(rx *store.Rx) (err error) {
		if said, err = rx.Control(); err == nil {
			recs, err = rx.Accounts()
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("read the accounts: %w", err)
	}
	if said.Paused {
		e.rests.Set(true)
	}
	e.settleStopped.Store(said.SettleStopped)
	for _, r := range recs {
		if intended(r) { // its user's next login goes on with it
			continue
		}
		a, err := newAccount(e, r)
		if err != nil {
			return err
		}
		e.accounts[r.ID] = a
	}
	e.checkSecrets(recs)
	return nil
}

// Run moves mail until ctx ends, then waits for everything it started.
func (e *Engine) Run(ctx context.Context) error {
	e.mu.Lock()
	for _, a := range e.accounts {
		e.start(a)
	}
	if !e.stopped {
		e.spawn(func() { e.age(e.ctx) })
		e.spawn(func() { e.settleLoop(e.ctx) })
	}
	e.mu.Unlock()
	e.destroyClosed()
	e.resealOld(ctx)
	e.eraseRest(ctx)
	e.countUnknown(ctx)
	<-ctx.Done()
	return e.Close()
}

// Close ends all background work and the connections to both servers.
func (e *Engine) Close() error {
	e.mu.Lock()
	e.stopped = true
	accounts := make([]*account, 0, len(e.accounts))
	for _, a := range e.accounts {
		accounts = append(accounts, a)
	}
	e.mu.Unlock()
	e.stop()
	e.wg.Wait()
	for _, a := range accounts {
		a.close()
	}
	return nil
}

// start runs an account's worker once; the caller holds mu.
func (e *Engine) start(a *account) {
	if a.running || e.stopped || a.shut() {
		return
	}
	a.running = true
	e.spawn(func() { a.run(e.ctx) })
}

// spawn runs a piece of background work that ends with the engine; the caller holds mu and has seen that the
// engine goes on.
func (e *Engine) spawn(work func()) {
	e.wg.Add(1)
	go func() {
		defer e.wg.Done()
		work()
	}()
}

// generationTime is how long a generation lasts at most while anything is written: a copy of the store that is older
// than that is known for one, also if it was taken since the program started.
const generationTime = time.Minute

// age begins a generation now and then until ctx ends.
func (e *Engine) age(ctx context.Context) {
	for seen := e.store.Updates(); sleep(ctx, generationTime) == nil; {
		var err error
		if seen, err = e.lineage.Age(seen); err != nil && ctx.Err() == nil {
			e.log.Warn("the age of the state could not be noted", "err", err)
		}
	}
}

// room is asked before a server is told to change something that the state must keep up with: when nothing can be
// written, a client's command is declined as a whole, and the backfill rests.
func (e *Engine) room() error { return e.store.Room() }

// canonical folds a login name: one record owns a destination mailbox, whatever case it is typed in.
func canonical(name string) string { return strings.ToLower(strings.TrimSpace(name)) }
