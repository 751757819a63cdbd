package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/emersion/go-imap/v2"

	"crossfade/backfill/export"
	"crossfade/internal/imapwire"
	"crossfade/internal/maildir"
	"crossfade/internal/mbox"
)

// Files beside the mail of an account: a JSON line for each message and each change.
const (
	messagesFile = "messages.jsonl"
	changesFile  = "changes.jsonl"
)

// exportWriter writes one account's export. One folder is open at a time.
type exportWriter struct {
	dir     string
	mbox    bool
	open    export.Named
	maildir *maildir.Folder
	file    *mbox.File

	messages, changes *jsonLines
}

// exportedLine is one line of messages.jsonl.
type exportedLine struct {
	Folder string `json:"folder"` // the new server's, raw
	Target string `json:"target"` // the old server's, raw
	export.Message
	File string `json:"file,omitempty"` // below the account's directory
}

func newExportWriter(dir, format string) (*exportWriter, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	w := &exportWriter{dir: dir, mbox: format == "mbox"}
	var err error
	if w.messages, err = newJSONLines(filepath.Join(dir, messagesFile)); err != nil {
		return nil, err
	}
	if w.changes, err = newJSONLines(filepath.Join(dir, changesFile)); err != nil {
		return nil, errors.Join(err, w.messages.drop())
	}
	return w, nil
}

// place is where a folder's mail lies, below the account's directory.
func (w *exportWriter) place(f export.Named) string {
	segments := make([]string, len(f.Path))
	for i, s := range f.Path {
		segments[i] = imapwire.EncodeMailbox(s)
	}
	if w.mbox {
		return filepath.Join("mail", maildir.Dir(segments)+".mbox")
	}
	return filepath.Join("mail", maildir.Dir(segments))
}

// has lists what an earlier export has of a folder. Nothing is made for one that is not there.
func (w *exportWriter) has(f export.Named) ([]imap.UID, error) {
	if _, err := os.Stat(filepath.Join(w.dir, w.place(f))); err != nil {
		return nil, nil
	}
	if err := w.folder(f); err != nil {
		return nil, err
	}
	var uids []uint32
	if w.mbox {
		uids = w.file.Has(f.UIDValidity)
	} else {
		uids = w.maildir.Has(f.UIDValidity)
	}
	out := make([]imap.UID, len(uids))
	for i, u := range uids {
		out[i] = imap.UID(u)
	}
	return out, w.shut()
}

// folder goes over to a folder.
func (w *exportWriter) folder(f export.Named) (err error) {
	if err := w.shut(); err != nil {
		return err
	}
	w.open = f
	if path := filepath.Join(w.dir, w.place(f)); w.mbox {
		w.file, err = mbox.Open(path)
	} else {
		w.maildir, err = maildir.Open(path)
	}
	return err
}

// shut ends the work on a folder.
func (w *exportWriter) shut() (err error) {
	if w.maildir != nil {
		err = w.maildir.Close()
	}
	if w.file != nil {
		err = errors.Join(err, w.file.Close())
	}
	w.maildir, w.file = nil, nil
	return err
}

// message writes a message, or gives the file that is there its present flags.
func (w *exportWriter) message(m export.Message, body io.Reader) error {
	line := exportedLine{Folder: w.open.Name, Target: w.open.Target, Message: m}
	if m.NoFile == "" {
		name, err := w.put(m, body)
		if err != nil {
			return err
		}
		line.File = filepath.Join(w.place(w.open), name)
	}
	return w.messages.add(line)
}

func (w *exportWriter) put(m export.Message, body io.Reader) (string, error) {
	switch {
	case w.maildir == nil && w.file == nil:
		return "", errors.New("the proxy sent a message without its folder")
	case w.mbox && body == nil:
		return "", nil
	case w.mbox:
		return "", w.file.Put(mbox.Message{UIDValidity: w.open.UIDValidity, UID: m.UID, Size: m.Size, Date: m.Date}, body)
	}
	as := maildir.Message{UIDValidity: w.open.UIDValidity, UID: m.UID, Size: m.Size, Date: m.Date, Flags: m.Flags.List()}
	if body == nil {
		return w.maildir.Mark(as)
	}
	return w.maildir.Put(as, body)
}

func (w *exportWriter) change(c export.Change) error { return w.changes.add(c) }

func (w *exportWriter) close() error {
	return errors.Join(w.shut(), w.messages.close(), w.changes.close())
}

// jsonLines is a file of JSON lines that replaces the one before when it is whole.
type jsonLines struct {
	path string
	file *os.File
	w    *bufio.Writer
	enc  *json.Encoder
}

func newJSONLines(path string) (*jsonLines, error) {
	file, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriter(file)
	return &jsonLines{path, file, w, json.NewEncoder(w)}, nil
}

func (j *jsonLines) add(v any) error { return j.enc.Encode(v) }

func (j *jsonLines) close() error {
	err := errors.Join(j.w.Flush(), j.file.Sync(), j.file.Close())
	if err == nil {
		err = os.Rename(j.path+".new", j.path)
	}
	return err
}

func (j *jsonLines) drop() error { return errors.Join(j.file.Close(), os.Remove(j.path+".new")) }
