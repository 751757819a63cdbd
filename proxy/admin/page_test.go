package admin

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"crossfade/backfill"
)

func half() *float64 { v := 0.5; return &v }

func overview() backfill.Overview {
	o := backfill.Overview{
		Held:     true,
		Progress: backfill.Progress{Completion: backfill.Completion{Source: 10, Done: 5, Ratio: half()}, Left: 5},
		Domains:  []backfill.DomainReport{{Domain: "<b>odd</b>.test", Accounts: 2}},
		Accounts: map[string]int{"moving": 1, "stopped": 1}, Folders: map[string]int{"copied": 3, "stopped": 1},
		Refused:    map[string]int{"too_big": 2},
		Troubles:   []backfill.Trouble{{Account: "ann@example.test", Folder: "Lohn", Text: `destination: <script>"no"`, Since: time.Now()}},
		Unfinished: []backfill.Unfinished{{Account: "ann@example.test", State: "stopped", Left: 5}},
	}
	host := `[{"side": "source", "host": "old.example.test:993", "connections": 3, "connection_limit": 4, "messages_found": 50,
		"paused_until": "2030-01-01T00:00:00Z", "paused_for": "destination: busy"}]`
	if err := json.Unmarshal([]byte(host), &o.Hosts); err != nil {
		panic(err) // the text above is wrong
	}
	return o
}

func show(o Options, host string) *httptest.ResponseRecorder {
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
	r.Host = host
	Handler(o).ServeHTTP(w, r)
	return w
}

// TestPageNames: names of accounts and folders, and what servers said about them, are for those only who may read
// them.
func TestPageNames(t *testing.T) {
	for _, c := range []struct {
		names Names
		host  string
		want  bool
	}{
		{NamesNever, "127.0.0.1:8080", false}, {NamesAlways, "proxy.example.test:8080", true},
		{NamesLocally, "127.0.0.1:8080", true}, {NamesLocally, "localhost:8080", true}, {NamesLocally, "[::1]:8080", true}, {NamesLocally, "localhost", true},
		{NamesLocally, "evil.example.test:8080", false}, {NamesLocally, "10.0.0.1:8080", false}, {NamesLocally, "", false},
	} {
		w := show(Options{Overview: overview, Names: c.names}, c.host)
		body := w.Body.String()
		for _, secret := range []string{"ann@example.test", "Lohn", "destination: "} {
			if strings.Contains(body, secret) != c.want {
				t.Errorf("%v asked as %q: shows %q: %v", c.names, c.host, secret, !c.want)
			}
		}
		if strings.Contains(body, "<script>") || strings.Contains(body, "<b>odd") {
			t.Error("a server's words became part of the page")
		}
		if !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("headers %v", w.Header())
		}
	}
}

func TestNamesFor(t *testing.T) {
	for addr, want := range map[string]Names{"127.0.0.1:8080": NamesLocally, "[::1]:1": NamesLocally, "0.0.0.0:8080": NamesNever, "[::]:80": NamesNever, "192.0.2.1:80": NamesNever} {
		a, err := net.ResolveTCPAddr("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if got := NamesFor(a); got != want {
			t.Errorf("%s: %v", addr, got)
		}
	}
}

// TestPageSays: the page tells what to do, in every state there is.
func TestPageSays(t *testing.T) {
	one, zero := 1.0, 0.0
	asked := &backfill.Asked{At: time.Now().Add(-time.Hour), Conditions: []backfill.AskedCondition{{Name: "copied", OK: true, Text: "7 of 7"}, {Name: "held", Text: "is held"}}}
	for name, c := range map[string]struct {
		o    backfill.Overview
		ill  error
		want []string
		not  []string
	}{
		"nobody yet": {want: []string{"No account has logged in yet", "–"}, not: []string{"100 %", "switched off", "crossfade resume", "crossfade accept", "crossfade rebuild"}},
		"midway": {o: overview(), want: []string{"50.0 %", "crossfade release", "2 accounts and folders are stopped", "2 messages were refused", "too_big", "old.example.test:993", "The source server refuses", "bears 50.0 messages"},
			not: []string{"Nothing to do"}},
		"done": {o: backfill.Overview{Done: true, Accounts: map[string]int{"copied": 1}, Folders: map[string]int{"copied": 2},
			Progress: backfill.Progress{Completion: backfill.Completion{Source: 3, Done: 3, Ratio: &one}, ETASeconds: &zero}},
			want: []string{"100 %", "crossfade verify", "done"}, not: []string{"Nothing to do"}},
		"waits for a word": {o: backfill.Overview{Accounts: map[string]int{"stopped": 2}, Admin: backfill.Attention{Rebuilds: 1, AskingFolders: 2, PausedAccounts: 3}, Asked: asked},
			want: []string{"crossfade rebuild", "1 account waits", "crossfade accept", "2 accounts and folders wait", "crossfade resume", "3 accounts and folders are paused", "No, said", "1 h 0 min ago", "not ok", "7 of 7"},
			not:  []string{"Nothing to do"}},
		"leaving": {o: backfill.Overview{Accounts: map[string]int{"copied": 9}, AccountStages: map[string]int{"blended": 2, "settled": 3, "spliced": 31, "closed": 0},
			FolderStages: map[string]int{"blended": 7}, Unsettled: map[string]int{"unseen": 5, "refused": 2, "pace": 0}, SettleStopped: true},
			want: []string{"Nothing settles.", "crossfade settle --go", "2 folders could not settle", "being opened once (5), another try (2).", `<td class="n">31</td>`}, not: []string{"Nothing to do", "the next hour"}},
		"ill": {o: backfill.Overview{Accounts: map[string]int{"moving": 1}}, ill: net.ErrClosed, want: []string{"cannot be written any more"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := show(Options{Overview: func() backfill.Overview { return c.o }, Healthy: func() error { return c.ill }, Version: "v1"}, "x")
			if w.Code != http.StatusOK || !strings.HasSuffix(strings.TrimSpace(w.Body.String()), "</html>") {
				t.Fatalf("%d, cut off: %s", w.Code, w.Body.String())
			}
			for _, want := range c.want {
				if !strings.Contains(w.Body.String(), want) {
					t.Errorf("no %q in\n%s", want, w.Body)
				}
			}
			for _, not := range c.not {
				if strings.Contains(w.Body.String(), not) {
					t.Errorf("%q in\n%s", not, w.Body)
				}
			}
		})
	}
}

func TestWords(t *testing.T) {
	almost, long := 0.99999, 1e12
	for _, c := range [][2]string{
		{percent(&almost), "99.9 %"}, {percent(nil), "–"}, {eta(&long), "very long"}, {span(90 * time.Minute), "1 h 30 min"},
		{span(49 * time.Hour), "2 d 1 h"}, {size(999), "999 bytes"}, {size(1_500_000), "1.5 MB"}, {size(3e15), "3000.0 TB"},
	} {
		if c[0] != c[1] {
			t.Errorf("%q, want %q", c[0], c[1])
		}
	}
}
