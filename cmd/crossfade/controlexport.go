package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"crossfade/backfill/export"
	"crossfade/store"
)

// exporting is what the control socket asks of the engine about the way back.
type exporting interface {
	ExportFolders(ctx context.Context, account string) ([]export.Named, error)
	Export(ctx context.Context, opt export.Options, out export.Receiver) (export.Counts, error)
}

// exportRecord is one line of an export; one of its parts is set. The message's bytes follow the line if Body says so.
type exportRecord struct {
	Folder  *export.Named   `json:"folder,omitempty"`
	Message *export.Message `json:"message,omitempty"`
	Body    bool            `json:"body,omitempty"`
	Change  *export.Change  `json:"change,omitempty"`
	Failed  *exportFailure  `json:"failed,omitempty"`
	End     *exportEnd      `json:"end,omitempty"`
}

// exportFailure is a folder that was not exported.
type exportFailure struct {
	Folder string `json:"folder"`
	Error  string `json:"error"`
}

// exportEnd is the last line: an export without it was cut off.
type exportEnd struct {
	Counts export.Counts `json:"counts"`
	Error  string        `json:"error,omitempty"`
}

// mostHave bounds the list of what an earlier export has.
const mostHave = 256 << 20

func handleExport(mux *http.ServeMux, e exporting) {
	mux.HandleFunc("GET /export/folders", func(w http.ResponseWriter, r *http.Request) {
		out := &exportStream{w: bufio.NewWriter(w)}
		folders, err := e.ExportFolders(r.Context(), r.URL.Query().Get("account"))
		for i := range folders {
			err = errors.Join(err, out.Folder(folders[i]))
		}
		out.end(export.Counts{}, err)
	})
	mux.HandleFunc("POST /export", func(w http.ResponseWriter, r *http.Request) {
		out := &exportStream{w: bufio.NewWriterSize(w, 64<<10)}
		opt := export.Options{Account: r.URL.Query().Get("account")}
		err := json.NewDecoder(io.LimitReader(r.Body, mostHave)).Decode(&opt.Have)
		if s := r.URL.Query().Get("since"); s != "" && err == nil {
			opt.Since, err = time.Parse(time.RFC3339Nano, s)
		}
		var counts export.Counts
		if err == nil {
			counts, err = e.Export(r.Context(), opt, out)
		}
		out.end(counts, err)
	})
}

// exportStream writes an export as lines and bodies.
type exportStream struct {
	w   *bufio.Writer
	cut bool // a body was begun and not ended: no line may follow
}

func (s *exportStream) line(r exportRecord) error {
	if s.cut {
		return io.ErrUnexpectedEOF
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = s.w.Write(append(text, '\n'))
	return err
}

// Folder implements export.Receiver.
func (s *exportStream) Folder(f export.Named) error { return s.line(exportRecord{Folder: &f}) }

// Change implements export.Receiver.
func (s *exportStream) Change(c export.Change) error { return s.line(exportRecord{Change: &c}) }

// Failed implements export.Receiver.
func (s *exportStream) Failed(folder string, err error) error {
	return s.line(exportRecord{Failed: &exportFailure{folder, oneLine(err.Error())}})
}

// Message implements export.Receiver.
func (s *exportStream) Message(m export.Message, body io.Reader) error {
	if err := s.line(exportRecord{Message: &m, Body: body != nil}); err != nil || body == nil {
		return err
	}
	n, err := io.Copy(s.w, body)
	if err == nil && n != m.Size {
		err = fmt.Errorf("%d bytes of %d: %w", n, m.Size, io.ErrUnexpectedEOF)
	}
	s.cut = s.cut || err != nil
	return err
}

func (s *exportStream) end(counts export.Counts, err error) {
	end := exportEnd{Counts: counts}
	if err != nil {
		end.Error = oneLine(err.Error())
	}
	_ = s.line(exportRecord{End: &end}) // an error here means that the asker has gone
	_ = s.w.Flush()
}

// exportReader reads what exportStream wrote.
type exportReader struct{ r *bufio.Reader }

func newExportReader(r io.Reader) *exportReader { return &exportReader{bufio.NewReaderSize(r, 1<<20)} }

// next reads a line. What comes behind the end is not read.
func (x *exportReader) next() (r exportRecord, err error) {
	line, err := x.r.ReadSlice('\n')
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return r, fmt.Errorf("the export was cut off: %w", err)
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return r, fmt.Errorf("the proxy's answer cannot be read: %w", err)
	}
	if r.End != nil && r.End.Error != "" {
		return r, errors.New(r.End.Error)
	}
	return r, nil
}

// body is the rest of a message's record; all of it must be read before the next line.
func (x *exportReader) body(size int64) io.Reader { return io.LimitReader(x.r, size) }

// haves are what an earlier export has, by folder.
type haves map[store.FolderID]export.Have
