package store

import "errors"

// Control is what an admin's commands said about all accounts together.
type Control struct {
	Paused        bool // the backfill rests
	SettleStopped bool `json:",omitempty"` // no folder settles
}

// escaped: a control holds no text.
func (c Control) escaped(func(string) (string, error)) (Control, error) { return c, nil }

// Control returns what was said last; nothing was said if there is none.
func (x *Rx) Control() (Control, error) {
	c, err := get[Control](x, []byte{keyControl})
	if errors.Is(err, ErrNotFound) {
		return Control{}, nil
	}
	return c, err
}

// PutControl replaces what was said.
func (t *Tx) PutControl(c Control) error { return put(t, []byte{keyControl}, c) }
