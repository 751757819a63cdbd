package imap

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/emersion/go-sasl"
)

// maxSASL is the longest line of an authentication exchange, in bytes of base64.
const maxSASL = 16 << 10

// authenticate is AUTHENTICATE (RFC 3501 6.2.2) with an initial response (RFC 4959), for PLAIN and LOGIN: the
// password must be seen in the clear, since it opens the accounts behind us.
func (c *conn) authenticate(ctx context.Context, cmd *command) error {
	if err := cmd.space(); err != nil {
		return err
	}
	mech, ok := cmd.args.Atom()
	if !ok {
		return badError("AUTHENTICATE needs a mechanism")
	}
	cmd.args.SP()
	first := bytes.TrimSpace(cmd.args.Rest())
	var user, secret string
	server := newSASL(strings.ToUpper(string(mech)), func(u, s string) { user, secret = u, s })
	switch {
	case server == nil:
		return &noError{"", "This mechanism is not offered"}
	case !c.mayLogin():
		return &noError{"PRIVACYREQUIRED", "Passwords are accepted over encrypted connections only"}
	}
	if err := c.exchange(server, first); err != nil {
		return err
	}
	return c.login(ctx, cmd, user, secret)
}

func newSASL(mech string, got func(user, secret string)) sasl.Server {
	switch mech {
	case sasl.Plain:
		return sasl.NewPlainServer(func(identity, user, secret string) error {
			if identity != "" && identity != user {
				return errIdentity
			}
			got(user, secret)
			return nil
		})
	case sasl.Login:
		return &loginServer{got: got}
	}
	return nil
}

var errIdentity = errors.New("one user cannot log in as another")

// exchange runs the mechanism to its end. first is the initial response: empty if there is none, "=" if it is
// there and empty.
func (c *conn) exchange(server sasl.Server, first []byte) error {
	var response []byte
	if len(first) > 0 {
		var err error
		if response, err = decodeSASL(first); err != nil {
			return err
		}
	}
	for {
		challenge, done, err := server.Next(response)
		switch {
		case errors.Is(err, errIdentity):
			return &noError{"AUTHORIZATIONFAILED", errIdentity.Error()}
		case err != nil:
			return badError("The response makes no sense")
		case done:
			return nil
		}
		c.line("+ " + base64.StdEncoding.EncodeToString(challenge))
		line, err := c.wire.ReadLine()
		if err != nil {
			return &lostError{err}
		}
		if line = bytes.TrimSpace(line); string(line) == "*" {
			return badError("AUTHENTICATE cancelled")
		}
		if response, err = decodeSASL(line); err != nil {
			return err
		}
	}
}

// decodeSASL never returns nil, which would mean that there was no response.
func decodeSASL(line []byte) ([]byte, error) {
	if string(line) == "=" {
		return []byte{}, nil
	}
	if len(line) > maxSASL {
		return nil, badError("The response is too long")
	}
	out := make([]byte, base64.StdEncoding.DecodedLen(len(line)))
	n, err := base64.StdEncoding.Decode(out, line)
	if err != nil {
		return nil, badError("The response is not base64")
	}
	return out[:n], nil
}

// loginServer is the server's side of LOGIN (draft-murchison-sasl-login): two questions, two answers. go-sasl has
// the client's side only.
type loginServer struct {
	user  *string
	asked bool
	got   func(user, secret string)
}

// Next implements sasl.Server.
func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case response == nil && !l.asked:
		l.asked = true
		return []byte("Username:"), false, nil
	case l.user == nil:
		user := string(response)
		l.user, l.asked = &user, true
		return []byte("Password:"), false, nil
	}
	l.got(*l.user, string(response))
	return nil, true, nil
}
