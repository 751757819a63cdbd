package probe_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/backfill/probe"
	"crossfade/mapping"
)

// look probes and returns the findings by side and name, and what the source held.
func look(t *testing.T, src, dst backfill.Driver, o probe.Options) (map[string]probe.Finding, probe.Survey) {
	t.Helper()
	got := map[string]probe.Finding{}
	o.Source, o.Destination, o.User, o.Secret = src, dst, user, pass
	o.Tell = func(f probe.Finding) {
		key := string(f.Side) + " " + f.Check
		if old, twice := got[key]; twice && old.Level > f.Level {
			return
		}
		got[key] = f
	}
	survey := probe.Run(t.Context(), o)
	return got, survey
}

// TestGood: between two servers that behave, nothing is red, the survey is right, and nothing is left behind.
func TestGood(t *testing.T) {
	src, dst := newMemory(t, 10), newMemory(t, 50)
	got, survey := look(t, src.driver(t), dst.driver(t), probe.Options{Connections: 4, Large: true})
	for key, f := range got {
		broken := f.Check == "odd-header-line" || f.Check == "odd-header-from" // go-imap's server cannot show such headers
		if broken != (f.Level == probe.Red) {
			t.Errorf("%s: %+v", key, f)
		}
	}
	for _, want := range []string{"both plan", "destination bytes", "destination keywords", "destination appenduid", "destination dates", "destination twins",
		"destination pipeline", "destination recreate", "destination names", "destination scratch", "destination large", "source uidvalidity", "source mail"} {
		if f, ok := got[want]; !ok || f.Level != probe.Green {
			t.Errorf("%s: %+v", want, f)
		}
	}
	if survey.Messages != 9 || survey.Folders != 3 || !survey.Whole || survey.Largest != 614 {
		t.Errorf("survey %+v", survey)
	}
	for name, m := range map[string]memory{"source": src, "destination": dst} {
		if names := folderNames(t, m); !slices.Equal(names, []string{"INBOX", "Sent", "Work", "Work/Old"}) && !slices.Equal(names, []string{"INBOX", "Sent", "Work/Old"}) {
			t.Errorf("folders on the %s afterwards: %q", name, names)
		}
	}
}

func folderNames(t *testing.T, m memory) (names []string) {
	t.Helper()
	mail, err := m.driver(t).Login(t.Context(), user, pass)
	if err != nil {
		t.Fatal(err)
	}
	defer mail.Close()
	fs, err := mail.Folders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fs {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	return names
}

// TestSourceQuirks: what can be wrong with the old server.
func TestSourceQuirks(t *testing.T) {
	count := uint32(100)
	for _, c := range []struct {
		name  string
		q     quirks
		want  string
		level probe.Level
		words string
	}{
		{"another UIDVALIDITY each time", quirks{state: func(_ string, s *backfill.BoxState) { count++; s.UIDValidity = count }}, "source uidvalidity", probe.Red, "without anybody having touched it"},
		{"UIDVALIDITY 0", quirks{state: func(_ string, s *backfill.BoxState) { s.UIDValidity = 0 }}, "source uidvalidity", probe.Red, "UIDVALIDITY 0"},
		{"a folder that does not open", quirks{folders: func(fs []backfill.Folder) []backfill.Folder {
			return append(fs, backfill.Folder{Name: "Gone", Path: mapping.Path{"Gone"}})
		}}, "source folder", probe.Yellow, `"Gone" cannot be listed`},
		{"names that the destination cannot have", quirks{folders: func(fs []backfill.Folder) []backfill.Folder {
			for i := range fs {
				fs[i].Separator = "."
			}
			return append(fs, backfill.Folder{Name: "a/b", Path: mapping.Path{"a/b"}, Separator: "."})
		}}, "both plan-names", probe.Yellow, "a=2Fb"},
		{"the same UIDVALIDITY", quirks{state: func(_ string, s *backfill.BoxState) { s.UIDValidity = 51 }}, "both inbox-uidvalidity", probe.Yellow, "51 on both sides"},
		{"refuses the login", quirks{login: &backfill.Error{Op: "login", Scope: backfill.HostScope, Text: "busy"}}, "source login", probe.Red, "busy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src, dst := newMemory(t, 10), newMemory(t, 50)
			got, _ := look(t, quirky{src.driver(t), c.q}, dst.driver(t), probe.Options{})
			if f, ok := got[c.want]; !ok || f.Level != c.level || !strings.Contains(f.Text, c.words) {
				t.Errorf("%s: %+v\nall: %v", c.want, f, got)
			}
		})
	}
}

// TestBeyond: what the source has and the destination was seen not to take is red.
func TestBeyond(t *testing.T) {
	src, dst := newMemory(t, 10), newMemory(t, 50)
	deep := "d" + strings.Repeat("/d", 6)
	for _, name := range []string{strings.Repeat("y", 130), deep, "Work/Same", "Work/same"} {
		if err := src.user.Create(name, nil); err != nil {
			t.Fatal(err)
		}
	}
	big := []byte("Subject: big\r\n\r\n" + strings.Repeat("0123456789abcdef\r\n", 70_000))
	if _, err := src.user.Append("INBOX", literal{bytes.NewReader(big)}, &imap.AppendOptions{Time: time.Now()}); err != nil {
		t.Fatal(err)
	}
	q := quirks{create: func(box string) error {
		_, last, _ := strings.Cut(box, "/")
		switch {
		case len(last) > 125:
			return said("too long")
		case strings.Count(box, "/") > 3:
			return said("too deep")
		case strings.HasSuffix(box, "/case"):
			return said("already exists")
		}
		return nil
	}, append: func(next appendFunc, _ string, items []backfill.AppendItem) ([]backfill.AppendResult, error) {
		if items[0].Size > 1e6 {
			return refusedItem("too large"), nil
		}
		return next(items)
	}}
	got, _ := look(t, src.driver(t), quirky{dst.driver(t), q}, probe.Options{Large: true})
	for check, words := range map[string]string{"large": "1260 kB", "plan-long": "yyy", "plan-deep": "d / d / d", "plan-case": "Same"} {
		f, ok := got["both "+check]
		if !ok || f.Level != probe.Red || !strings.Contains(strings.ToLower(f.Text), strings.ToLower(words)) {
			t.Errorf("%s: %+v", check, f)
		}
	}
}

// TestInterrupted: the scratch folder goes also when the check is stopped in the middle of its work.
func TestInterrupted(t *testing.T) {
	src, dst := newMemory(t, 10), newMemory(t, 50)
	ctx, stop := context.WithCancel(t.Context())
	removed := false
	probe.Run(ctx, probe.Options{Source: src.driver(t), Destination: dst.driver(t), User: user, Secret: pass, Tell: func(f probe.Finding) {
		if f.Check == "bytes" {
			stop()
		}
		removed = removed || f.Check == "scratch" && f.Level == probe.Green
	}})
	if !removed || ctx.Err() == nil {
		t.Errorf("removed %t, %v", removed, ctx.Err())
	}
	for _, name := range folderNames(t, dst) {
		if strings.Contains(name, "Crossfade") {
			t.Errorf("%q is left behind", name)
		}
	}
}

// TestFence: whatever a probe's code does, nothing outside the scratch folder is changed.
func TestFence(t *testing.T) {
	probe.CheckFence(t, newMemory(t, 1).driver(t), user, pass)
}
