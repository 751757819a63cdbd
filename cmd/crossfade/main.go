package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // for quiet hours, where the machine has no time zones

	"github.com/alecthomas/kong"
)

// Exit codes, the same for all commands.
const (
	exitWell   = 0
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a mistake in how crossfade was called or configured: exit code 2.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// std is what a command talks to; tests put their own in.
type std struct {
	out, err io.Writer
	env      []string
}

// cli is the command line.
type cli struct {
	Serve      serveCmd      `cmd:"" help:"Run the proxy."`
	Check      checkCmd      `cmd:"" help:"Look at both servers before the move, and say what to expect and what to do."`
	Plan       planCmd       `cmd:"" help:"Show which folder of the old server becomes which on the new one, why, and what is doubtful."`
	Demo       demoCmd       `cmd:"" help:"Show it working: two made-up mail servers, a mailbox moving between them, and the proxy in front."`
	Status     statusCmd     `cmd:"" help:"Show how far each account has moved."`
	Accounts   accountsCmd   `cmd:"" help:"Who is enrolled, who never came, what each needs; and enrol users who never log in."`
	Verify     verifyCmd     `cmd:"" help:"Compare both sides message by message."`
	Quarantine quarantineCmd `cmd:"" help:"Messages that the new server refused: list, retry, export, sign off."`
	Export     exportCmd     `cmd:"" help:"The way back: write the mail that only the new server has, so that the old one can take over again."`
	Finish     finishCmd     `cmd:"" help:"Say whether the old server may be switched off, and what is to be done before."`
	Pause      pauseCmd      `cmd:"" help:"Let the copying of everything, an account or a folder rest; users go on working."`
	Resume     resumeCmd     `cmd:"" help:"Let it go on."`
	Retry      retryCmd      `cmd:"" help:"Try again at once what waits after an error."`
	Priority   priorityCmd   `cmd:"" help:"Say which account, or which of its folders, goes first."`
	Hold       holdCmd       `cmd:"" help:"Pause everything."`
	Release    releaseCmd    `cmd:"" help:"Resume everything."`
	Settle     settleCmd     `cmd:"" help:"Show finished folders under the new server's own numbers: which have settled, what keeps the others from it, and to settle now."`
	Splice     spliceCmd     `cmd:"" help:"Accept that the old server's folder names end for an account, so that its connections may become plain pipes."`
	Close      closeCmd      `cmd:"" help:"Stop watching a settled account's old mailbox, for good; its password is erased."`
	Accept     acceptCmd     `cmd:"" help:"Answer a folder that stopped because much vanished from one side: it was deleted, or is to be copied again."`
	Rebuild    rebuildCmd    `cmd:"" help:"After the loss of the state, or with an old one: list what would return, and say what becomes of it."`
	Health     healthCmd     `cmd:"" help:"Ask a running proxy's /healthz; for container health checks."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:], std{out: os.Stdout, err: os.Stderr, env: os.Environ()})
	os.Exit(code)
}

// run is one call of crossfade: it returns the exit code.
func run(ctx context.Context, args []string, io std) int {
	err := dispatch(ctx, args, io)
	var usage *usageError
	switch {
	case err == nil:
		return exitWell
	case errors.Is(err, errTold):
		return exitFailed
	case errors.As(err, &usage):
		fmt.Fprintln(io.err, "crossfade: "+oneLine(err.Error()))
		return exitUsage
	default:
		fmt.Fprintln(io.err, "crossfade: "+oneLine(err.Error()))
		return exitFailed
	}
}

// errTold ends a command with exit code 1 when its output has already said why.
var errTold = errors.New("told")

func dispatch(ctx context.Context, args []string, io std) error {
	if err := notBuiltYet(args); err != nil {
		return err
	}
	var c cli
	helped := false
	parser, err := kong.New(&c, kong.Name("crossfade"), kong.Writers(io.out, io.err),
		kong.Description("An IMAP proxy that moves mailboxes from an old server to a new one while people work in them."),
		kong.Exit(func(int) { helped = true }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(io))
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return usagef("say what to do: serve, check, plan, demo, status, accounts, verify, quarantine, export, finish, pause, resume, retry, priority, settle, splice, close, hold, release, health or version (crossfade --help explains)")
	}
	kctx, err := parser.Parse(args)
	if helped { // --help has been printed
		return nil
	}
	if err != nil {
		return usagef("%s (crossfade --help lists what there is)", err)
	}
	return kctx.Run(kctx)
}

// oneLine keeps an error that came from elsewhere on one line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
