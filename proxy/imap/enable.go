package imap

import "context"

// enable is RFC 5161. Nothing we offer has to be enabled, so the answer names nothing.
func (c *conn) enable(_ context.Context, cmd *command) error {
	if err := cmd.space(); err != nil {
		return err
	}
	for !cmd.args.End() {
		if _, ok := cmd.args.Atom(); !ok {
			return badError("ENABLE needs names of capabilities")
		}
		cmd.args.SP()
	}
	c.line("* ENABLED")
	return nil
}
