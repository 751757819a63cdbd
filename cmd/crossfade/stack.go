package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"crossfade/backfill"
	"crossfade/backfill/settling"
	"crossfade/internal/durable"
	"crossfade/internal/keyring"
	"crossfade/mapping"
	"crossfade/mapping/names"
	"crossfade/proxy"
	"crossfade/proxy/imap"
	"crossfade/store"
	"crossfade/store/badger"
)

// stack is a proxy that is put together and ready to run: what serve and the demo have in common.
type stack struct {
	engine *backfill.Engine
	store  *store.Store
	keys   *keyring.File
	log    *slog.Logger
	spool  string
	doors  []door

	source, destination backfill.Driver
	imap                *imap.Server // nil without the door for mail clients
}

// door is something that listens.
type door struct {
	name string
	ln   net.Listener
	run  func(ctx context.Context, ln net.Listener) error
}

// stackOptions are what a stack is made of.
type stackOptions struct {
	source, destination backfill.Driver
	sources             map[string]backfill.Driver // further ones, by name
	who                 who
	state               string // directory; it is made if it is not there
	keyFile             string
	hold                bool
	folders             mapping.PlanOptions
	settling            *settling.Pace // nil: folders settle only by command
	copyCleaned         bool           // folders that the destination empties on its own are copied all the same
	strikes             backfill.StrikeLimits
	memory              int64 // bytes of mail on their way; 0: what the engine takes by itself
	log                 *slog.Logger
}

// newStack opens the state and makes the engine. Close it when it will not run.
func newStack(o stackOptions) (*stack, error) {
	if err := os.MkdirAll(o.state, 0o700); err != nil {
		return nil, usagef("--state %s: %v: choose a directory that this user may write to", o.state, cause(err))
	}
	go names.Warm()
	key, err := sealingKey(o.keyFile, o.state, o.log)
	if err != nil {
		return nil, err
	}
	spool := filepath.Join(o.state, "spool")
	if err := os.MkdirAll(spool, 0o700); err != nil {
		return nil, usagef("--state %s: %v: choose a directory that this user may write to", o.state, cause(err))
	}
	kv, err := badger.Open(filepath.Join(o.state, "db"), badger.Options{Log: o.log})
	if err != nil {
		return nil, fmt.Errorf("--state %s: %w", o.state, err)
	}
	st, err := store.Open(kv)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("--state %s: %w", o.state, err), kv.Close())
	}
	known, err := openMarks(o.state, st, o.log)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("--state %s: %w", o.state, err), st.Close())
	}
	keys, err := openKeys(o.state, key, o.log)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("--state %s: %w", o.state, err), st.Close())
	}
	if o.strikes.Ledger, err = openLedger(o.state, o.log); err != nil {
		return nil, errors.Join(fmt.Errorf("--state %s: %w", o.state, err), st.Close(), keys.Close())
	}
	opt := backfill.Options{
		Marks:  known,
		Source: o.source, Sources: o.sources, Destination: o.destination, Store: st, Key: key, Keys: keys, Spool: durable.NewSpool(spool, durable.Floor), Quarantine: quarantineIn(o.state), Hold: o.hold, Folders: o.folders, Settling: o.settling, CopyCleaned: o.copyCleaned, MemoryBytes: o.memory, Strikes: o.strikes, Logger: o.log}
	o.who.engine(&opt)
	engine, err := backfill.New(opt)
	if err != nil {
		return nil, errors.Join(err, st.Close(), keys.Close())
	}
	return &stack{engine: engine, store: st, keys: keys, log: o.log, spool: spool, source: o.source, destination: o.destination}, nil
}

// addIMAP adds the front door for mail clients; conf may be nil on loopback.
func (s *stack) addIMAP(plain, secure net.Listener, conf *tls.Config, most crowd) {
	gate := proxy.NewGate(proxy.GateOptions{Total: most.all, PerAddress: most.address, Refuse: imap.Refuse, Logger: s.log})
	s.imap = imap.New(imap.Options{Login: loginTo(s.engine), TLS: conf, Logger: s.log, SpoolDir: s.spool, Gate: gate, Seats: proxy.NewSeats(most.user)})
	for _, l := range []struct {
		name     string
		ln       net.Listener
		implicit bool
	}{{"imap", plain, false}, {"imaps", secure, true}} {
		if l.ln != nil {
			s.doors = append(s.doors, door{l.name, l.ln, func(ctx context.Context, ln net.Listener) error { return s.imap.Serve(ctx, ln, l.implicit) }})
		}
	}
}

// addHTTP adds something that speaks HTTP.
func (s *stack) addHTTP(name string, ln net.Listener, h http.Handler) {
	s.doors = append(s.doors, door{name, ln, func(ctx context.Context, ln net.Listener) error { return serveHTTP(ctx, ln, h) }})
}

// run serves until ctx ends or a part fails. The doors close first and clients finish what they do; then the
// engine ends, then the store.
func (s *stack) run(ctx context.Context) error {
	engineCtx, stopEngine := context.WithCancel(context.WithoutCancel(ctx))
	defer stopEngine()
	var engine errgroup.Group
	doors, ctx := errgroup.WithContext(ctx)
	engine.Go(func() error { return s.engine.Run(engineCtx) })
	for _, d := range s.doors {
		s.log.Info("listening", "door", d.name, "addr", d.ln.Addr().String())
		doors.Go(func() error {
			if err := d.run(ctx, d.ln); err != nil {
				return fmt.Errorf("%s on %s: %w", d.name, d.ln.Addr(), err)
			}
			return nil
		})
	}
	<-ctx.Done()
	s.log.Info("stopping")
	err := doors.Wait()
	stopEngine()
	return errors.Join(err, ended(engine.Wait()), s.store.Close(), s.keys.Close())
}

// healthy tells whether the state can still be read; a store that could not be written is closed for good.
func (s *stack) healthy() error { return s.store.View(func(*store.Rx) error { return nil }) }

// ended drops the error that only says that we were asked to stop.
func ended(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// close is for a stack that never ran.
func (s *stack) close() error {
	var errs []error
	for _, d := range s.doors {
		errs = append(errs, d.ln.Close())
	}
	return errors.Join(append(errs, s.engine.Close(), s.store.Close(), s.keys.Close())...)
}
