package backfill

import (
	"context"
	"net"
)

// Piper is a Driver whose connections can be handed over, for accounts that have nothing left to be blended.
type Piper interface {
	Driver
	// Pipe proves the credentials on a connection of its own, which is the caller's from then on. Its errors are those of
	// Login. ctx ends the login, never the connection.
	Pipe(ctx context.Context, user, secret string) (*Pipe, error)
}

// Pipe is a logged-in connection on which nothing was said since. Its server speaks to the client itself from now on.
type Pipe struct {
	// Conn has no deadlines. Whoever holds the Pipe closes it.
	Conn net.Conn
	// Ahead is what the server has said behind its answer to the login and what belongs before anything read from Conn.
	Ahead []byte
	// Caps are the server's capabilities since the login, as it spells them and in its order. Each is one atom.
	Caps []string
}
