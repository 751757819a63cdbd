package pending_test

import (
	"errors"
	"testing"

	"crossfade/store"
	"crossfade/store/internal/pending"
)

// nothing is an empty store.
type nothing struct{}

func (nothing) Get([]byte) ([]byte, error)                       { return nil, store.ErrNotFound }
func (nothing) Scan([]byte, func(key, value []byte) error) error { return nil }

func TestBytesFollowEveryWrite(t *testing.T) {
	s := pending.New(nothing{})
	steps := []struct {
		do    func() error
		bytes int
	}{
		{func() error { return s.Set([]byte("ab"), []byte("123")) }, 5},
		{func() error { return s.Set([]byte("ab"), []byte("1")) }, 3},
		{func() error { return s.Delete([]byte("ab")) }, 2},
		{func() error { return s.Delete([]byte("c")) }, 3},
		{func() error { return s.Set([]byte("c"), []byte("1234")) }, 7},
	}
	for i, step := range steps {
		if err := step.do(); err != nil || s.Bytes() != step.bytes {
			t.Errorf("step %d: %d bytes, want %d (%v)", i, s.Bytes(), step.bytes, err)
		}
	}
	over := pending.New(s)
	if err := errors.Join(over.Set([]byte("ab"), []byte("12345")), over.Delete([]byte("c")), over.Set([]byte("d"), nil)); err != nil {
		t.Fatal(err)
	}
	s.Take(over)
	if s.Bytes() != 7+1+1 || s.Len() != 3 {
		t.Errorf("after Take: %d bytes, %d keys", s.Bytes(), s.Len())
	}
}

func TestRefusedWriteLeavesNoTrace(t *testing.T) {
	s := pending.New(nothing{})
	for i := range 2 {
		if err := s.Set([]byte{byte(i)}, make([]byte, store.MaxValue-1)); err != nil {
			t.Fatal(err)
		}
	}
	before := s.Bytes()
	if err := s.Set([]byte("x"), nil); !errors.Is(err, store.ErrTooBig) {
		t.Fatal(err)
	}
	if _, err := s.Get([]byte("x")); !errors.Is(err, store.ErrNotFound) || s.Bytes() != before || s.Len() != 2 {
		t.Errorf("%v, %d bytes, %d keys", err, s.Bytes(), s.Len())
	}
}

func TestOverReadsThroughToWhatIsNowBelow(t *testing.T) {
	below, s := pending.New(nothing{}), pending.New(nothing{})
	if err := errors.Join(below.Set([]byte("a"), []byte("old")), below.Set([]byte("b"), nil), s.Set([]byte("a"), []byte("new"))); err != nil {
		t.Fatal(err)
	}
	got := ""
	err := s.Over(below).Scan(nil, func(key, value []byte) error {
		got += string(key) + "=" + string(value) + " "
		return nil
	})
	if err != nil || got != "a=new b= " {
		t.Errorf("%q, %v", got, err)
	}
}
