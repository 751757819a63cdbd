package admin

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"crossfade/backfill"
)

// pageText is the status page: plain HTML that loads itself again, without scripts.
//
//go:embed page.html
var pageText string

// view is what the page shows.
type view struct {
	backfill.Overview
	Names   bool
	Ill     bool
	Next    []step
	Time    string
	Version string
}

// step is something for the admin to do or to know.
type step struct {
	Class string // bad, warn or good
	Text  string
	Do    string // a command, "" if none
}

// page serves the status page.
func (o Options) page() http.Handler {
	t := template.Must(template.New("page").Funcs(template.FuncMap{
		"percent": percent, "rate": rate, "eta": eta, "bytes": size, "ago": func(t time.Time) string { return span(time.Since(t)) },
		"seconds": func(s float64) string { return span(time.Duration(s * float64(time.Second))) }, "width": width,
		"stages": func() []string { return []string{"blended", "settled", "spliced", "closed"} }, "waits": waits,
	}).Parse(pageText))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := view{Overview: o.Overview(), Names: o.Names.may(r), Ill: o.Healthy != nil && o.Healthy() != nil,
			Time: time.Now().Format("2006-01-02 15:04:05 MST"), Version: o.Version}
		v.Next = v.next()
		var b bytes.Buffer
		if err := t.Execute(&b, v); err != nil {
			http.Error(w, "the page cannot be made", http.StatusInternalServerError)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		_, _ = w.Write(b.Bytes()) // an error here means that the asker has gone
	})
}

// next says what to do, the worst first.
func (v *view) next() []step {
	var out []step
	add := func(when bool, class, text, do string) {
		if when {
			out = append(out, step{class, text, do})
		}
	}
	refused := 0
	for _, n := range v.Refused {
		refused += n
	}
	stopped := v.Accounts["stopped"] + v.Folders["stopped"]
	total := 0
	for _, n := range v.Accounts {
		total += n
	}
	add(v.Ill, "bad", "The state cannot be written any more. Read the log, see that the disk has room, and start the proxy again.", "")
	add(total == 0, "warn", "No account has logged in yet. Point one mail program at the proxy: its first login enrols the account.", "")
	add(v.Held, "warn", "The backfill is held: nothing is copied.", "crossfade release")
	paused, asking := v.Admin.PausedAccounts+v.Admin.PausedFolders, v.Admin.AskingAccounts+v.Admin.AskingFolders
	add(v.Admin.Rebuilds > 0, "bad", fmt.Sprintf("%s for a word after the state was lost or restored; until then clients are refused.", are(v.Admin.Rebuilds, "account waits", "accounts wait")), "crossfade rebuild")
	add(asking > 0, "bad", fmt.Sprintf("%s to be told what became of mail that vanished. Nothing was deleted.", are(asking, "account or folder waits", "accounts and folders wait")), "crossfade accept")
	add(paused > 0, "warn", fmt.Sprintf("%s paused.", are(paused, "account or folder is", "accounts and folders are")), "crossfade resume")
	for _, h := range v.Hosts {
		add(h.PausedUntil != nil, "bad", fmt.Sprintf("The %s server refuses or does not answer; it is left alone for a moment, then tried again.", h.Side), "crossfade status")
	}
	add(stopped > 0, "bad", fmt.Sprintf("%s stopped by a problem and will not finish by themselves.", are(stopped, "account or folder is", "accounts and folders are")), "crossfade status")
	add(v.SettleStopped, "warn", "Nothing settles.", "crossfade settle --go")
	add(v.Unsettled["refused"] > 0, "warn", fmt.Sprintf("%s settle although complete: something stands in the way.", are(v.Unsettled["refused"], "folder could not", "folders could not")), "crossfade settle")
	add(refused > 0, "warn", fmt.Sprintf("%s refused by the new server. They are still served from the old one.", are(refused, "message was", "messages were")), "crossfade verify")
	add(v.Folders["waiting"] > 0 && !v.Held, "warn", fmt.Sprintf("%s not been looked at yet, so the totals still grow.", are(v.Folders["waiting"], "folder has", "folders have")), "")
	add(v.Done && refused+stopped == 0, "good", "Everything known is copied. Prove it before the old server goes.", "crossfade verify")
	add(len(out) == 0, "good", "Nothing to do: mail is moving.", "")
	return out
}

func are(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// percent never rounds up to a hundred.
func percent(ratio *float64) string {
	switch {
	case ratio == nil:
		return "–"
	case *ratio >= 1:
		return "100 %"
	}
	return fmt.Sprintf("%.1f %%", float64(int(*ratio*1000))/10)
}

func width(ratio *float64) int {
	if ratio == nil {
		return 0
	}
	return int(100 * *ratio)
}

func rate(perSecond *float64) string {
	if perSecond == nil {
		return "–"
	}
	return fmt.Sprintf("%.1f/s", *perSecond)
}

func eta(s *float64) string {
	switch {
	case s == nil:
		return "–"
	case *s == 0:
		return "done"
	case *s > 1000*24*3600:
		return "very long"
	}
	return "about " + span(time.Duration(*s)*time.Second)
}

// span is a duration in two units at most.
func span(d time.Duration) string {
	s := int64(d.Seconds())
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d min", s/60)
	case s < 24*3600:
		return fmt.Sprintf("%d h %d min", s/3600, s/60%60)
	}
	return fmt.Sprintf("%d d %d h", s/86400, s/3600%24)
}

// size is a number of bytes for people.
func size(n int64) string {
	v, unit := float64(n), "bytes"
	for _, u := range []string{"kB", "MB", "GB", "TB"} {
		if v < 1000 {
			break
		}
		v, unit = v/1000, u
	}
	if unit == "bytes" {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f %s", v, unit)
}

// waits says what folders wait for.
func waits(unsettled map[string]int) string {
	var out []string
	for _, w := range []struct{ reason, words string }{
		{"ready", "their turn"}, {"incomplete", "their copying"}, {"patience", "having been complete for a while"}, {"unseen", "being opened once"},
		{"hours", "the hours to settle in"}, {"pace", "the next hour"}, {"refused", "another try"}, {"by_command", "a command"}, {"stopped", "a command, stopped"},
	} {
		if n := unsettled[w.reason]; n > 0 {
			out = append(out, fmt.Sprintf("%s (%d)", w.words, n))
		}
	}
	return strings.Join(out, ", ")
}
