package backfill

import (
	"slices"
	"strings"
	"testing"
)

// oddNames has source folders whose names hold signs, one of them below another and one that is subscribed.
func oddNames(t *testing.T, refused string) *bed {
	b := newBed(t)
	for i, name := range []string{"INBOX.a{b}", "INBOX.a{b}.100%", "INBOX.Ta=7Bg", "INBOX.!odd!", "INBOX.x{y.z"} {
		b.src.add(name).put(message(100+i, name))
	}
	b.dst.noSigns = refused
	return b
}

// TestRefusedNames: a folder whose name the destination refuses is made under another one, once, with its mail and its
// subscription; status says so, and the old name leads there. Names that it takes stay, and are asked about once.
func TestRefusedNames(t *testing.T) {
	b := oddNames(t, "{%")
	b.start(false)
	s := b.login()
	b.wait()
	for old, want := range map[string]string{"INBOX.a{b}": "a=7Bb=7D", "INBOX.a{b}.100%": "a=7Bb=7D/100=25", "INBOX.Ta=7Bg": "Ta=3D7Bg", "INBOX.!odd!": "!odd!", "INBOX.x{y.z": "x=7By/z"} {
		m, err := s.Open(t.Context(), old, true)
		if err != nil || m.Name() != want {
			t.Errorf("%s: %v", old, err)
			continue
		}
		m.Close()
		b.same(old, want)
		b.dst.with(want, func(f *fakeBox) {
			if f == nil || !f.sub {
				t.Errorf("%s is not there, or not subscribed", want)
			}
		})
	}
	for _, f := range b.e.Status().Accounts[0].Folders {
		if strict := strings.Contains(f.Folder, "=7Bb") || strings.Contains(f.Folder, "=7By"); strict != strings.Contains(f.Note, "refuses the name") {
			t.Errorf("%s: note %q", f.Folder, f.Note)
		}
	}
	b.dst.mu.Lock()
	defer b.dst.mu.Unlock()
	for _, name := range b.dst.order {
		if n := len(slices.DeleteFunc(slices.Clone(b.dst.writes), func(w string) bool { return w != "CREATE "+name })); n > 1 {
			t.Errorf("%s was made %d times", name, n)
		}
	}
}

// TestTakenNames: a destination that takes all signs is asked about each once, and every name stays.
func TestTakenNames(t *testing.T) {
	b := oddNames(t, "")
	for _, name := range []string{"INBOX.c{d", "INBOX.e}f", "INBOX.{}"} {
		b.src.add(name)
	}
	b.start(true)
	if _, err := b.login().List(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.dst.mu.Lock()
	defer b.dst.mu.Unlock()
	if len(b.dst.creates) > 3 || strings.Contains(strings.Join(b.dst.order, " "), "=7B ") {
		t.Errorf("asked %q, has %q", b.dst.creates, b.dst.order)
	}
}

// TestNamesAreMadeOnce: whenever the program ends between a CREATE and what is recorded of it, the folder is found again.
func TestNamesAreMadeOnce(t *testing.T) {
	for n := range 6 {
		b := oddNames(t, "{%")
		left := n
		b.dst.onCreate = func(string) {
			if left--; left == 0 {
				b.dst.down = true // the connection ends, and with it the program
			}
		}
		b.start(true)
		if n > 0 {
			if s, err := b.e.Login(t.Context(), "Ann@example.test", "pw"); err == nil {
				_, _ = s.List(t.Context())
			}
		}
		b.end()
		b.dst.mu.Lock()
		b.dst.down, b.dst.onCreate = false, nil
		b.dst.mu.Unlock()
		b.start(false)
		b.login()
		b.wait()
		b.same("INBOX.a{b}", "a=7Bb=7D")
		b.same("INBOX.a{b}.100%", "a=7Bb=7D/100=25")
		b.same("INBOX.x{y.z", "x=7By/z")
		want := []string{"!odd!", "Ta=3D7Bg", "a=7Bb=7D", "a=7Bb=7D/100=25", "x=7By/z"}
		var odd []string
		for _, name := range b.dst.order {
			if strings.ContainsAny(name, "=!") {
				odd = append(odd, name)
			}
		}
		if slices.Sort(odd); !slices.Equal(odd, want) {
			t.Errorf("ended at CREATE %d: the destination has %q", n, odd)
		}
		b.end()
	}
}
