//go:build integration

package backfill_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"crossfade/backfill"
	"crossfade/backfill/verify"
	"crossfade/internal/faults"
)

func garbage() []string {
	return []string{"* 17", "* NO", "* X-FOO {3", "* 999999 FETCH (FLAGS (\\Seen))", "* OK [NONSENSE", "* FETCH", "*", "* 0 EXPUNGE", "* LIST", "* SEARCH 1 x"}
}

// allStopped tells that every folder has stopped with a reason.
func allStopped(r backfill.Report) bool {
	if len(r.Accounts) == 0 || len(r.Accounts[0].Folders) == 0 {
		return false
	}
	return !slices.ContainsFunc(r.Accounts[0].Folders, func(f backfill.FolderState) bool { return f.Problem == "" })
}

// TestStoriesOfServers: servers that are odd all the time.
func TestStoriesOfServers(t *testing.T) {
	rows := []story{
		{name: "good"},
		{name: "good, no MULTIAPPEND", dst: without("MULTIAPPEND")},
		{name: "both of 1996", src: bare(), dst: bare()},
		{name: "source: XLIST only", src: faults.Quirks{XList: true}},
		{name: "destination: XLIST only", dst: faults.Quirks{XList: true}},
		{name: "source: double spaces", src: faults.Quirks{DoubleSpaces: true}},
		{name: "destination: double spaces", dst: faults.Quirks{DoubleSpaces: true}},
		{name: "source: unasked data", src: faults.Quirks{Chatty: true}},
		{name: "destination: unasked data", dst: faults.Quirks{Chatty: true}},
		{name: "source: garbage", src: faults.Quirks{Garbage: garbage()}},
		{name: "destination: garbage", dst: faults.Quirks{Garbage: garbage()}},
		{name: "source: UID gaps", src: faults.Quirks{UIDGap: 1000}},
		{name: "destination: UID gaps", dst: faults.Quirks{UIDGap: 1000}},
		{name: "source: all UIDVALIDITY 1", src: faults.Quirks{Validity: faults.ValidityOne}},
		{name: "destination: all UIDVALIDITY 1", dst: faults.Quirks{Validity: faults.ValidityOne}},
		{name: "both: all UIDVALIDITY 1", src: faults.Quirks{Validity: faults.ValidityOne}, dst: faults.Quirks{Validity: faults.ValidityOne}},
		{name: "source: UIDVALIDITY 0", src: faults.Quirks{Validity: faults.ValidityZero}},
		{name: "destination: UIDVALIDITY 0", dst: faults.Quirks{Validity: faults.ValidityZero}, want: expectation{refused: func(faults.Message) bool { return true }, unproven: true}, done: allStopped},
		{name: "destination: APPENDUID missing", dst: faults.Quirks{AppendUID: faults.UIDMissing}},
		{name: "destination: APPENDUID of validity 0", dst: faults.Quirks{AppendUID: faults.UIDZeroValidity}},
		{name: "destination: APPENDUID of another folder", dst: faults.Quirks{AppendUID: faults.UIDOfOther}},
		{name: "destination: APPENDUID too low", dst: faults.Quirks{AppendUID: faults.UIDTooLow}},
		{name: "destination: APPENDUID too high", dst: faults.Quirks{AppendUID: faults.UIDTooHigh}},
		{name: "destination: no UIDPLUS", dst: without("UIDPLUS")},
		{name: "destination: no LITERAL+", dst: without("LITERAL+")},
		{name: "source: no LITERAL+ or UNSELECT", src: without("LITERAL+", "UNSELECT")},
		{name: "destination: keywords dropped on APPEND", dst: faults.Quirks{DropKeywords: true}},
		{name: "destination: keywords dropped, no UIDPLUS", dst: with(without("UIDPLUS"), func(q *faults.Quirks) { q.DropKeywords = true })},
		{name: "destination: no keywords", dst: faults.Quirks{NoKeywords: true}, want: expectation{flags: noKeywords}},
		{name: "destination: keywords promised, never kept", dst: faults.Quirks{ForgetKeywords: true}, want: expectation{flags: noKeywords, unproven: true}},
		{name: "destination: dates shifted", dst: faults.Quirks{Dates: faults.DatesShifted}, want: expectation{anyDate: true}},
		{name: "destination: dates are now", dst: with(without("UIDPLUS"), func(q *faults.Quirks) { q.Dates = faults.DatesNow }), want: expectation{anyDate: true}},
		{name: "destination: adds a header", dst: faults.Quirks{Rewrite: faults.AddHeader}, want: altered(faults.AddHeader)},
		{name: "destination: adds a header, no UIDPLUS", dst: with(without("UIDPLUS"), func(q *faults.Quirks) { q.Rewrite = faults.AddHeader }), want: altered(faults.AddHeader)},
		{name: "destination: header and line ends, of 1996", dst: with(bare(), func(q *faults.Quirks) { q.Rewrite = faults.Both }), want: altered(faults.Both)},
		{name: "destination: one of equal messages", dst: faults.Quirks{Dedup: faults.SameBytes}, want: kept("it has an equal message", sameBytes)},
		{name: "destination: one of equal messages, no UIDPLUS", dst: with(without("UIDPLUS"), func(q *faults.Quirks) { q.Dedup = faults.SameBytes }), want: kept("it has an equal message", sameBytes)},
		{name: "destination: one of each Message-ID", dst: faults.Quirks{Dedup: faults.SameMessageID}, want: kept("it has an", faults.SameMessageID)},
		{name: "destination: some are moved as they come", dst: faults.Quirks{Deliver: toDrafts}, want: expectation{folders: func(n string) bool { return n != "Work" && n != "Drafts" }}, during: movedAway},
		{name: "destination: some vanish as they come", dst: faults.Quirks{Deliver: toNowhere}, want: expectation{refused: isSeventh, words: reasonTaken, verify: appendedAgain}},
		{name: "destination: line ends", dst: faults.Quirks{Rewrite: faults.NormalLines}, want: expectation{body: faults.NormalLines}},
		{name: "source: NUL as 0x80", src: faults.Quirks{NulTo80: true}, want: expectation{body: nulTo80}},
	}
	runStories(t, rows)
}

const reasonTaken = "answers OK and does not keep"

func sameBytes(m faults.Message) string { return string(m.Body) + "." }

// kept expects one message of each key; the others are named.
func kept(words string, key func(faults.Message) string) expectation {
	first := map[string]string{}
	for _, m := range oddMail() {
		if k := key(m); k != "" {
			if _, ok := first[k]; !ok {
				first[k] = m.Date.String()
			}
		}
	}
	return expectation{words: words, refused: func(m faults.Message) bool {
		k := key(m)
		at, ok := first[k]
		return k != "" && ok && at != m.Date.String()
	}}
}

func isSeventh(m faults.Message) bool { return bytes.Contains(m.Body, []byte("<Work.7@")) }

// toDrafts is a rule of a user: what it names goes to another folder.
func toDrafts(box string, m faults.Message) string {
	if box == "Work" && isSeventh(m) {
		return "Drafts"
	}
	return ""
}

func toNowhere(_ string, m faults.Message) string {
	if isSeventh(m) {
		return "nowhere"
	}
	return ""
}

// movedAway: what was moved is in the other folder, once, and nowhere else.
func movedAway(ctx context.Context, w *world) error {
	if err := w.wait(ctx, nil); err != nil {
		return err
	}
	drafts, work := w.joeDst.Messages("Drafts"), w.joeDst.Messages("Work")
	if len(drafts) != 1 || !isSeventh(drafts[0]) || len(work) != 19 {
		return fmt.Errorf("%d in Drafts, %d in Work, want 1 and 19", len(drafts), len(work))
	}
	return nil
}

// appendedAgain: the exception is counted where it happened.
func appendedAgain(r verify.Report) error {
	if (r.Name == "Work") != (r.Reappended > 0) || (r.Name == "Work") != (len(r.Refused) == 1) {
		return fmt.Errorf("%s: appended again %d times, %d refused", r.Name, r.Reappended, len(r.Refused))
	}
	return nil
}

// altered expects every message to be changed by the destination, and verify to say so of each.
func altered(by func([]byte) []byte) expectation {
	return expectation{body: by, verify: func(r verify.Report) error {
		if r.Missing+r.Doubled+r.Waiting+r.Different+r.DestOnly+len(r.Refused) != 0 || r.Altered != r.Source {
			return fmt.Errorf("verify of altered copies: %+v", r)
		}
		return nil
	}}
}

func nulTo80(b []byte) []byte { return []byte(strings.ReplaceAll(string(b), "\x00", "\x80")) }
