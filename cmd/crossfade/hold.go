package main

import (
	"context"
	"fmt"

	"github.com/alecthomas/kong"
)

// asking are the flags of all commands that ask a running proxy.
type asking struct {
	Config string `placeholder:"FILE" help:"Configuration file (TOML), for its state setting."`
	State  string `placeholder:"DIR" help:"The running proxy's state directory (default: /var/lib/crossfade)."`
}

// state finds the state directory as serve would.
func (a asking) state(io std, kctx *kong.Context) (string, error) {
	s, err := load(a.Config, io.env, kctx)
	return s.State, err
}

// holdCmd is the older name of pause for everything.
type holdCmd struct{ asking }

// Run stops the backfill of a running proxy.
func (c *holdCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	return c.order(ctx, kctx, io, "pause", "the backfill is held; 'crossfade release' lets it go")
}

// releaseCmd is the older name of resume for everything.
type releaseCmd struct{ asking }

// Run lets the backfill of a running proxy go.
func (c *releaseCmd) Run(ctx context.Context, kctx *kong.Context, io std) error {
	return c.order(ctx, kctx, io, "resume", "the backfill goes on")
}

func (a asking) order(ctx context.Context, kctx *kong.Context, io std, did, done string) error {
	state, err := a.state(io, kctx)
	if err != nil {
		return err
	}
	if err := tell(ctx, state, "/"+did, steering{Did: did}); err != nil {
		return err
	}
	_, err = fmt.Fprintln(io.out, done)
	return err
}
