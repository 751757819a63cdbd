package main

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"crossfade/backfill"
)

// quarantineKeeper is what the control socket asks of the engine about refused messages.
type quarantineKeeper interface {
	Quarantine(ctx context.Context, filter backfill.QuarantineFilter, each func(backfill.Quarantined) error) error
	RetryQuarantine(ctx context.Context, filter backfill.QuarantineFilter) (int, error)
	SignOff(ctx context.Context, filter backfill.QuarantineFilter, by string, undo bool) (int, error)
	ExportQuarantine(ctx context.Context, filter backfill.QuarantineFilter, each func(q backfill.Quarantined, size int64, body io.Reader) error) error
}

// quarantineAnswer is what the quarantine's paths answer.
type quarantineAnswer struct {
	Messages []backfill.Quarantined `json:"messages,omitempty"`
	Count    int                    `json:"count"`
	Error    string                 `json:"error,omitempty"`
}

// handleQuarantine answers about refused messages.
func handleQuarantine(mux *http.ServeMux, e quarantineKeeper) {
	answer := func(do func(r *http.Request, a *quarantineAnswer) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var a quarantineAnswer
			if err := do(r, &a); err != nil {
				a.Error = err.Error()
			}
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(a) // an error here means that the asker has gone
		}
	}
	mux.HandleFunc("GET /quarantine", answer(func(r *http.Request, a *quarantineAnswer) error {
		return e.Quarantine(r.Context(), filterOf(r.URL.Query()), func(q backfill.Quarantined) error {
			a.Messages = append(a.Messages, q)
			a.Count++
			return nil
		})
	}))
	mux.HandleFunc("POST /quarantine/retry", answer(func(r *http.Request, a *quarantineAnswer) (err error) {
		a.Count, err = e.RetryQuarantine(r.Context(), filterOf(r.URL.Query()))
		return err
	}))
	mux.HandleFunc("POST /quarantine/sign-off", answer(func(r *http.Request, a *quarantineAnswer) (err error) {
		q := r.URL.Query()
		a.Count, err = e.SignOff(r.Context(), filterOf(q), q.Get("by"), q.Get("undo") == "true")
		return err
	}))
	mux.HandleFunc("GET /quarantine/export", func(w http.ResponseWriter, r *http.Request) { streamExport(w, r, e) })
}

func filterOf(q url.Values) backfill.QuarantineFilter {
	uid, err := strconv.ParseUint(q.Get("uid"), 10, 32)
	if err != nil {
		uid = 0 // all
	}
	return backfill.QuarantineFilter{Account: q.Get("account"), Folder: q.Get("folder"), UID: uint32(uid)}
}

// exportIndex is the last file of an export: without it the export was cut off.
const exportIndex = "index.json"

// streamExport writes a tar archive of .eml files with an index at its end.
func streamExport(w http.ResponseWriter, r *http.Request, e quarantineKeeper) {
	w.Header().Set("Content-Type", "application/x-tar")
	out := tar.NewWriter(w)
	var a quarantineAnswer
	err := e.ExportQuarantine(r.Context(), filterOf(r.URL.Query()), func(q backfill.Quarantined, size int64, body io.Reader) error {
		if body != nil {
			q.File = exportName(q)
			if err := out.WriteHeader(&tar.Header{Name: q.File, Mode: 0o600, Size: size, Typeflag: tar.TypeReg}); err != nil {
				return err
			}
			if _, err := io.Copy(out, body); err != nil {
				return err
			}
		}
		a.Messages = append(a.Messages, q)
		a.Count++
		return nil
	})
	if err != nil {
		a.Error = err.Error()
	}
	if text, err := json.MarshalIndent(a, "", "  "); err == nil {
		err = out.WriteHeader(&tar.Header{Name: exportIndex, Mode: 0o600, Size: int64(len(text)), Typeflag: tar.TypeReg})
		if err == nil {
			_, _ = out.Write(text) // an error here means that the asker has gone
			_ = out.Close()
		}
	}
}

// exportName is where an export puts a message: account/folder/uid.eml, with whatever a file system may not like
// written as %XX.
func exportName(q backfill.Quarantined) string {
	return fmt.Sprintf("%s/%s/%d.eml", fileName(q.Account), fileName(q.Folder), q.UID)
}

// fileName makes a text that is safe as a file's name everywhere.
func fileName(s string) string {
	var out strings.Builder
	for i, r := range s {
		switch {
		case r < ' ' || r == 0x7f || strings.ContainsRune(`/\:*?"<>|%`, r), r == '.' && i == 0:
			fmt.Fprintf(&out, "%%%02X", r)
		default:
			out.WriteRune(r)
		}
	}
	if out.Len() == 0 {
		return "%"
	}
	return out.String()
}

// askQuarantine asks a running proxy about refused messages.
func askQuarantine(ctx context.Context, state, method, path string) (quarantineAnswer, error) {
	var a quarantineAnswer
	resp, err := ask(ctx, state, method, path)
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		return a, fmt.Errorf("the proxy's answer cannot be read: %w", err)
	}
	if a.Error != "" {
		return a, errors.New(a.Error)
	}
	return a, nil
}
