package imap

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"crossfade/backfill"
	"crossfade/mapping"
)

// TestTranscripts plays the conversations under testdata/transcripts. The lines of a file:
//
//	C: text       the client sends a line
//	X: "text"     the client sends the bytes of a Go string, no line end added
//	S: text       the server answers this line; <*> stands for anything
//	E: event      something happens: see event
//	# text        a remark
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { play(t, file) })
	}
}

func play(t *testing.T, file string) {
	script, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	a := standard()
	k := dial(t, start(t, a, func(o *Options) { o.MaxMessage = 1 << 20 }))
	for i, l := range strings.Split(string(script), "\n") {
		k.where = fmt.Sprintf("%s:%d: ", file, i+1)
		k.perform(a, l)
	}
}

// perform does what one line of a transcript says.
func (k *talker) perform(a *fakeAccount, line string) {
	k.t.Helper()
	kind, text, _ := strings.Cut(line, ": ")
	switch kind {
	case "C":
		k.send(text + "\r\n")
	case "X":
		raw, err := strconv.Unquote(text)
		if err != nil {
			k.t.Fatalf("%s%v", k.where, err)
		}
		k.send(raw)
	case "S":
		parts := strings.Split(text, "<*>")
		for j := range parts {
			parts[j] = regexp.QuoteMeta(parts[j])
		}
		if got := k.line(); !regexp.MustCompile("(?s)^" + strings.Join(parts, ".*") + "$").MatchString(got) {
			k.t.Fatalf("%s\n got %q\nwant %q", k.where, got, text)
		}
	case "E":
		if err := event(a, strings.Fields(text)); err != nil {
			k.t.Fatalf("%s%v", k.where, err)
		}
	default:
		if line != "" && !strings.HasPrefix(line, "#") {
			k.t.Fatalf("%s%q", k.where, line)
		}
	}
}

// event changes the account behind the client's back.
func event(a *fakeAccount, args []string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.boxes["INBOX"]
	uid := 0
	if len(args) > 1 {
		uid, _ = strconv.Atoi(args[1])
	}
	switch args[0] {
	case "deliver":
		body := "Subject: new\r\n\r\nnews"
		if len(args) > 1 {
			body = strings.ReplaceAll(strings.Join(args[1:], " "), `\r\n`, "\r\n")
		}
		f.add(body, "", day2)
	case "expunge":
		f.remove(uint32(uid))
	case "flag":
		f.flag(uint32(uid), mapping.NewFlags(args[2:]...))
	case "unknown":
		f.msgs[uint32(uid)].unknown = true
	case "mailbox":
		a.box(strings.Join(args[1:], " "))
	case "subscribe":
		a.subs[args[1]] = true
	case "quota":
		var used, limit int64
		if _, err := fmt.Sscan(strings.Join(args[3:], " "), &used, &limit); err != nil {
			return err
		}
		a.quotas = append(a.quotas, backfill.Quota{Root: strings.Trim(args[1], `"`), Resource: args[2], Used: used, Limit: limit})
	case "down":
		a.failWith = fmt.Errorf("open: %w", backfill.ErrUnavailable)
	case "broken":
		a.failWith = fmt.Errorf("index out of cheese")
	case "up":
		a.failWith, a.hollow, a.split, a.mute, a.cutAfter = nil, false, false, false, 0
	case "hollow":
		a.hollow = true
	case "mute":
		a.mute = true
	case "split":
		a.split = true
	case "cut":
		a.cutAfter = int64(uid)
	default:
		return fmt.Errorf("no event %q", args)
	}
	return nil
}
