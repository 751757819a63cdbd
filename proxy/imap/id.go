package imap

import "context"

// id is RFC 2971. What the client says of itself is read and forgotten.
func (c *conn) id(_ context.Context, cmd *command) error {
	if err := cmd.space(); err != nil {
		return err
	}
	fields := 0
	ok := cmd.args.List(func() bool {
		fields++
		_, _, ok := cmd.args.NString()
		return ok
	})
	if !ok || fields > 60 {
		return badError("ID needs NIL or a list of fields and values")
	}
	if err := cmd.end(); err != nil {
		return err
	}
	c.line(`* ID ("name" "Crossfade")`)
	return nil
}
