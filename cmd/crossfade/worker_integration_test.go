//go:build integration

package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
)

// worker is a client that does not rest. It has messages of its own, which no other client touches, and keeps
// account of what it did to them.
type worker struct {
	name    string
	addr    string
	user    string
	pause   time.Duration // after each thing it does
	rests   bool          // it does nothing, and only knows what must stay as it is
	random  *rand.Rand
	folders []string
	trash   string
	letters []string // to be appended
	mail    map[string]*fate
	did     map[string]int
	served  atomic.Int64 // acknowledged, for others to watch

	client *goClient
}

// run works until stop is closed, and comes back after each lost connection.
func (w *worker) run(stop <-chan struct{}) error {
	defer w.hangUp()
	if w.rests {
		return nil
	}
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		if w.client == nil {
			c, err := dialGoAs(w.addr, w.user, nil)
			if err != nil { // the proxy is being restarted
				time.Sleep(20 * time.Millisecond)
				continue
			}
			w.client = c
			w.did["connected"]++
		}
		if err := w.visit(stop); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
}

func (w *worker) hangUp() {
	if w.client != nil {
		_ = w.client.Close() // it may be broken already
		w.client = nil
	}
}

// visit works for a while in one folder. An error is something that the proxy should not have said.
func (w *worker) visit(stop <-chan struct{}) error {
	folder := w.folders[w.random.IntN(len(w.folders))]
	if err := w.client.open(folder); err != nil {
		w.failed(err)
		return nil
	}
	if err := w.look(folder); err != nil {
		return err
	}
	var here []string
	for _, sum := range slices.Sorted(maps.Keys(w.mail)) {
		if at, ok := w.mail[sum].settled(); ok && at.folder == folder {
			here = append(here, sum)
		}
	}
	w.random.Shuffle(len(here), func(i, j int) { here[i], here[j] = here[j], here[i] })
	for i := 0; i < min(12, len(here)) && w.client != nil; i++ {
		select {
		case <-stop:
			return nil
		default:
		}
		if err := w.act(folder, w.mail[here[i]]); err != nil {
			return err
		}
		time.Sleep(w.pause)
	}
	return nil
}

// look lists the folder that is open and holds it against what was acknowledged.
func (w *worker) look(folder string) error {
	got, err := w.client.Fetch(imap.UIDSet{{Start: 1}}, &imap.FetchOptions{UID: true, Flags: true}).Collect()
	if err != nil {
		w.failed(err)
		return nil
	}
	flags := map[uint32]string{}
	for _, m := range got {
		var names []string
		for _, f := range m.Flags {
			if !strings.EqualFold(string(f), `\Recent`) { // whichever session is told first has it
				names = append(names, string(f))
			}
		}
		flags[uint32(m.UID)] = flagged("", names, nil)
	}
	for sum, m := range w.mail {
		at, ok := m.settled()
		if !ok || at.folder != folder {
			continue
		}
		if now, there := flags[at.uid]; !there || now != at.flags {
			return fmt.Errorf("%q UID %d (%s, last %s): there %t with %q, want %q", folder, at.uid, sum, m.last, there, now, at.flags)
		}
	}
	w.did["looked"]++
	return nil
}

// act does one random thing to a message.
func (w *worker) act(folder string, m *fate) error {
	at, _ := m.settled()
	op := clientOp{Folder: folder, UID: at.uid}
	marked := at
	marked.flags = flagged(at.flags, []string{`\deleted`}, nil)
	switch n := w.random.IntN(20); {
	case n < 8:
		op.Op = "store"
		flags := []string{`\Seen`, `\Flagged`, `\Answered`, "$label1", "Project"}
		w.random.Shuffle(len(flags), func(i, j int) { flags[i], flags[j] = flags[j], flags[i] })
		op.Add, op.Del = flags[:w.random.IntN(3)], flags[3:]
		between, then := at, at
		between.flags, then.flags = flagged(at.flags, op.Add, nil), flagged(at.flags, op.Add, op.Del)
		return w.try(op, m, []placed{then}, []placed{between})
	case n < 11:
		op.Op, op.To = "move", w.folders[w.random.IntN(len(w.folders))]
		if op.To == folder {
			return nil
		}
		return w.try(op, m, []placed{{op.To, 0, at.flags, at.date}})
	case n < 14:
		if folder == w.trash {
			return nil
		}
		op.Op, op.To = "trash", w.trash
		there := placed{w.trash, 0, at.flags, at.date}
		return w.try(op, m, []placed{there}, []placed{at, there}, []placed{marked, there})
	case n < 16:
		op.Op = "delete"
		return w.try(op, m, nil, []placed{marked})
	}
	return w.append(folder)
}

// append adds one more message. Each try has a text of its own.
func (w *worker) append(folder string) error {
	if len(w.letters) == 0 {
		return errors.New("no letters left")
	}
	op := clientOp{Op: "append", Folder: folder, File: w.letters[0], Date: time.Now().Unix() - w.random.Int64N(1e8), Add: []string{`\Seen`, `\Flagged`}[:w.random.IntN(3)]}
	w.letters = w.letters[1:]
	text, err := os.ReadFile(op.File)
	if err != nil {
		return err
	}
	m := &fate{may: [][]placed{nil}}
	w.mail[fmt.Sprintf("%x", sha256.Sum256(text))] = m
	return w.try(op, m, []placed{{folder, 0, flagged("", op.Add, nil), op.Date}})
}

// try does one thing and notes how the message may be now: as done says if that was acknowledged, else so, or as
// before, or half-way.
func (w *worker) try(op clientOp, m *fate, done []placed, halfway ...[]placed) error {
	m.last = fmt.Sprintf("%s by %s in %q UID %d", op.Op, w.name, op.Folder, op.UID)
	r, err := w.client.do(op)
	if err != nil {
		m.may = append(append(m.may, done), halfway...)
		m.last += ": " + err.Error()
		w.did["unknown"]++
		w.failed(err)
		return nil
	}
	if len(done) == 1 && done[0].uid == 0 {
		done[0].uid = r.UID
	}
	m.may = [][]placed{done}
	w.did["acknowledged"]++
	w.did[op.Op]++
	w.served.Add(1)
	return nil
}

// failed notes an error and ends the connection, which may be cut.
func (w *worker) failed(err error) {
	var said *imap.Error
	if errors.As(err, &said) {
		w.did["no: "+said.Error()]++
	}
	w.hangUp()
}
