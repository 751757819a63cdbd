package probe

import (
	"context"
	"fmt"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill"
)

// help is what to do where there is nothing that an admin could do.
const help = "ask for help with this server"

// numbers looks at what the folder of a new message says.
func numbers(ctx context.Context, n notes, s *scratch, got found) error {
	state, err := step(ctx, func(ctx context.Context) (backfill.BoxState, error) { return s.Examine(ctx, s.box) })
	if err != nil {
		return err
	}
	if s.validity = state.UIDValidity; s.validity == 0 {
		n.red("uidvalidity", help, "a new folder has UIDVALIDITY 0: its messages cannot be told apart for long")
	}
	if state.UIDNext != 0 && state.UIDNext <= got.UID {
		n.yellow("uidnext", "", "UIDNEXT is %d although UID %d is there", state.UIDNext, got.UID)
	}
	return nil
}

// hold compares what APPENDUID said with where the messages are.
func (s *scratch) hold(results []backfill.AppendResult, got []found) {
	if len(got) != len(results) {
		return
	}
	for i, said := range results {
		if said.UID == 0 {
			continue
		}
		s.told++
		if said.UID != got[i].UID || s.validity != 0 && s.box == s.root && said.UIDValidity != s.validity {
			s.lie = fmt.Sprintf("APPENDUID said UID %d of %d, and the message is UID %d of %d", said.UID, said.UIDValidity, got[i].UID, s.validity)
		}
	}
}

// appendUID tells what hold has seen of all messages so far.
func appendUID(_ context.Context, n notes, s *scratch) error {
	caps := s.Features().Caps
	switch offered := caps.Has(imap.CapUIDPlus) || caps.Has(imap.CapIMAP4rev2); {
	case s.lie != "":
		n.red("appenduid", help, "%s", s.lie)
	case s.told > 0:
		n.green("appenduid", "APPENDUID tells the truth")
	case offered:
		n.yellow("appenduid", "each copy is looked for after it was written", "it offers UIDPLUS, and tells no APPENDUID that could be believed")
	}
	return nil
}

// aSecond is long enough for what servers count in seconds.
const aSecond = 1100 * time.Millisecond

// recreate tells whether a folder that is deleted and made again is known to be another.
func recreate(ctx context.Context, n notes, s *scratch) error {
	box := s.child("again")
	life := func() (v uint32, err error) {
		_, err = step(ctx, func(ctx context.Context) (struct{}, error) {
			if err := s.Create(ctx, box); err != nil {
				return struct{}{}, err
			}
			state, err := s.Examine(ctx, box)
			v = state.UIDValidity
			if err != nil {
				return struct{}{}, err
			}
			if err = s.Delete(ctx, box); err != nil {
				time.Sleep(aSecond) // Cyrus deletes a folder of one name only once in a second
				err = s.Delete(ctx, box)
			}
			return struct{}{}, err
		})
		return v, err
	}
	first, err := life()
	if err != nil {
		n.yellow("recreate", "", "a folder in the scratch folder cannot be made, opened and deleted: %s", words(err))
		return onlyFatal(err)
	}
	second, err := life()
	if err == nil && second == first { // many count in seconds
		time.Sleep(aSecond)
		second, err = life()
	}
	switch {
	case err != nil:
		n.yellow("recreate", "", "a folder cannot be deleted and made again: %s", words(err))
		return onlyFatal(err)
	case second == first:
		n.red("recreate", "do not delete folders on it and make them again while mail moves: mail programs would show wrong messages",
			"a folder that is deleted and made again has the same UIDVALIDITY %d", first)
	case second < first:
		n.yellow("recreate", "", "a folder that is deleted and made again gets a lower UIDVALIDITY: %d, then %d", first, second)
	default:
		n.green("recreate", "a folder that is deleted and made again gets a greater UIDVALIDITY")
	}
	return nil
}
