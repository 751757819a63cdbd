//go:build integration

package imap_test

import (
	"crypto/sha256"
	"io"
	"maps"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"

	"crossfade/backfill"
	"crossfade/backfill/driver/imap"
	"crossfade/internal/faults"
	"crossfade/internal/testbed"
)

// farReads reads a mailbox behind a relay and returns what it read.
func farReads(t testing.TB, relay *faults.Relay) map[uint32][32]byte {
	t.Helper()
	d, err := imap.New(imap.Options{URL: relay.URL()})
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Login(t.Context(), testbed.User(0), testbed.Pass)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Close() }()
	st, err := m.Examine(t.Context(), "INBOX")
	if err != nil {
		t.Fatal(err)
	}
	got := map[uint32][32]byte{}
	err = m.Read(t.Context(), "INBOX", st.UIDValidity, goimap.UIDSet{{Start: 1, Stop: goimap.UID(st.UIDNext)}}, func(msg *backfill.Message) error {
		sum := sha256.New()
		_, err := io.Copy(sum, msg.Body)
		got[msg.UID] = [32]byte(sum.Sum(nil))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if uint32(len(got)) != st.Exists || len(got) == 0 {
		t.Fatalf("%d messages of %d", len(got), st.Exists)
	}
	return got
}

// deflating starts two sources with the same mail, of which the first compresses.
func deflating(t testing.TB) (with, without *testbed.Server) {
	t.Helper()
	corpus := []string{"--seed", "5", "--folders", "1", "--per-folder", "400", "--mean", "20000"}
	with = testbed.Start(t, []string{"CROSSFADE_SOURCE_DEFLATE=yes"}, testbed.Source).Server(testbed.Source)
	without = testbed.Start(t, nil, testbed.Source).Server(testbed.Source)
	with.FillFiles(t, testbed.User(0), corpus...)
	without.FillFiles(t, testbed.User(0), corpus...)
	return with, without
}

// TestDeflate: a far server that compresses gives the same mail in fewer bytes.
func TestDeflate(t *testing.T) {
	with, without := deflating(t)
	read := func(s *testbed.Server) (map[uint32][32]byte, int64) {
		relay := faults.NewRelay(t, s.Addr, 10*time.Millisecond)
		got := farReads(t, relay)
		return got, relay.Passed(faults.ToClient)
	}
	want, plain := read(without)
	got, bytes := read(with)
	if !maps.Equal(got, want) {
		t.Error("other mail came")
	}
	if bytes >= plain*9/10 {
		t.Errorf("%d bytes came, plain %d", bytes, plain)
	}
}

// BenchmarkDeflate reads over a line of 20 Mbit/s and 20 ms.
func BenchmarkDeflate(b *testing.B) {
	with, without := deflating(b)
	for name, s := range map[string]*testbed.Server{"deflated": with, "plain": without} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				relay := faults.NewRelay(b, s.Addr, 10*time.Millisecond)
				relay.Throttle(faults.ToClient, 20_000_000/8)
				farReads(b, relay)
			}
		})
	}
}
