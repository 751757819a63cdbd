package probe

import (
	"errors"
	"testing"

	"crossfade/backfill"
)

// CheckFence tries everything that changes something, outside of the fence.
func CheckFence(t *testing.T, d backfill.Driver, user, pass string) {
	t.Helper()
	m, err := d.Login(t.Context(), user, pass)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s, err := newScratch(t.Context(), m.(backfill.Writer))
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for _, box := range []string{"INBOX", "Sent", s.root + "x", s.root[:len(s.root)-1], ""} {
		_, appended := s.Append(ctx, box, []backfill.AppendItem{newLetter("x").item()})
		_, stored := s.Store(ctx, box, 0, nil, backfill.FlagsSet, "")
		_, copied := s.Copy(ctx, s.root, 0, nil, box)
		_, moved := s.Move(ctx, box, 0, nil, s.root)
		for what, err := range map[string]error{"APPEND": appended, "STORE": stored, "COPY": copied, "MOVE": moved,
			"EXPUNGE": s.Expunge(ctx, box, 0, nil), "CREATE": s.Create(ctx, box), "DELETE": s.Delete(ctx, box),
			"RENAME": s.Rename(ctx, s.root, box), "SUBSCRIBE": s.Subscribe(ctx, box, true)} {
			if !errors.Is(err, errFence) {
				t.Errorf("%s %q: %v", what, box, err)
			}
		}
	}
	if err := s.Create(ctx, s.child("within")); err != nil {
		t.Error(err)
	}
	if _, err := s.clear(ctx); err != nil {
		t.Error(err)
	}
}
