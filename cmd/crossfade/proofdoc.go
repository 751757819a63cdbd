package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"crossfade/backfill/verify"
)

// document words the comparison for a person who is to sign it.
func (p *proof) document(data string) *document {
	d := &document{title: "Crossfade: comparison of two mail servers"}
	d.add(p.result())
	d.add(p.method())
	d.add(p.accounts())
	d.add(p.perFolder())
	d.add(p.refused())
	d.add(p.differences())
	d.add(p.notes())
	d.add(docPart{heading: "Data", paragraphs: []string{
		fmt.Sprintf("The same comparison for machines: %s, one JSON object a line.", filepath.Base(data)),
		"SHA-256 of that file: " + p.Digest,
	}})
	d.add(docPart{heading: "Signature", paragraphs: []string{
		"I have read this report and accept what it says.",
		"Name: ______________________________",
		"Date: ______________________________",
		"Signature: ______________________________",
	}})
	return d
}

func (p *proof) result() docPart {
	v := p.verdict
	out := docPart{heading: "Result"}
	switch {
	case v.Error != "":
		out.paragraphs = append(out.paragraphs, "NOT PROVEN: the comparison ended early: "+oneLine(v.Error))
	case v.OK && v.Quick:
		out.paragraphs = append(out.paragraphs, "Both listings agree. No bodies were compared, so this is no proof.")
	case v.OK:
		out.paragraphs = append(out.paragraphs, "Both sides agree.")
	default:
		out.paragraphs = append(out.paragraphs, "Both sides DO NOT agree: the folders in question are named below.")
	}
	out.head = []string{"What", "Value"}
	out.rows = [][]string{
		{"Old server", v.Source}, {"New server", v.Destination},
		{"Begun", stamp(v.Begun)}, {"Ended", stamp(v.Ended)}, {"Program", v.Version},
		{"Folders", strconv.Itoa(v.Folders)},
		{"Messages of the old server", strconv.Itoa(v.Total)},
		{"Of these done", fmt.Sprintf("%d (%s)", v.Done, share(v.Done, v.Total))},
	}
	return out
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 MST") }

// share never rounds up to all.
func share(done, total int) string {
	if total == 0 || done == total {
		return "100 %"
	}
	return fmt.Sprintf("%.3f %%", float64(int(float64(done)/float64(total)*1e5))/1e3)
}

func (p *proof) method() docPart {
	how := "Every message of every folder was read whole from both servers, hashed (SHA-256, the first 16 bytes kept) and compared as a multiset: equal messages are counted, so that one too few or too many is seen."
	if p.verdict.Quick {
		how = "Both servers' listings were compared by Message-ID, size and date. No bodies were read."
	}
	return docPart{heading: "How it was compared", paragraphs: []string{
		how,
		"Both sides were listed afresh, read-only (EXAMINE, BODY.PEEK). A listing that was not complete, and a message that a server listed but did not give, count as not proven.",
		"A message is done if it is on the new server with equal bytes, if its user deleted it since, or if the new server refused it and a person signed that off. Flags are compared with what users are shown; dates and keywords that the new server cannot hold are counted and do not fail a folder.",
	}}
}

// sums are one account's numbers.
type sums struct {
	folders, bad, done, total, equal, missing, different, doubled, waiting, refused, signed int
}

func (s *sums) add(f *verify.Report) {
	s.folders++
	if !f.OK {
		s.bad++
	}
	s.done += f.Done
	s.total += f.Total
	s.equal += f.Equal
	s.missing += f.Missing
	s.different += f.Different
	s.doubled += f.Doubled
	s.waiting += f.Waiting
	s.refused += len(f.Refused)
	s.signed += f.SignedOff
}

func (s *sums) row(name string) []string {
	out := []string{name}
	for _, n := range []int{s.folders, s.bad, s.total, s.done} {
		out = append(out, strconv.Itoa(n))
	}
	out = append(out, share(s.done, s.total))
	for _, n := range []int{s.equal, s.waiting, s.missing, s.different, s.doubled, s.refused, s.signed} {
		out = append(out, strconv.Itoa(n))
	}
	return out
}

func (p *proof) accounts() docPart {
	out := docPart{heading: "Accounts", head: []string{"Account", "Folders", "Not ok", "Messages", "Done", "", "Equal", "Waiting", "Missing", "Other bytes", "Doubled", "Refused", "Signed off"}}
	var all sums
	var one *sums
	for i := range p.folders {
		f := &p.folders[i]
		if i == 0 || f.Account != p.folders[i-1].Account {
			if one != nil {
				out.rows = append(out.rows, one.row(p.folders[i-1].Account))
			}
			one = &sums{}
		}
		one.add(f)
		all.add(f)
	}
	if one != nil {
		out.rows = append(out.rows, one.row(p.folders[len(p.folders)-1].Account))
	}
	out.rows = append(out.rows, all.row("all"))
	return out
}

func (p *proof) perFolder() docPart {
	out := docPart{heading: "Folders", head: []string{"Account", "Folder", "Old folders", "OK", "Messages", "Done", "Equal", "Findings"}}
	for i := range p.folders {
		f := &p.folders[i]
		ok := "yes"
		if !f.OK {
			ok = "NO"
		}
		out.rows = append(out.rows, []string{f.Account, f.Folder, strings.Join(f.Sources, ", "), ok, strconv.Itoa(f.Total), strconv.Itoa(f.Done), strconv.Itoa(f.Equal), f.Findings()})
	}
	return out
}

func (p *proof) refused() docPart {
	out := docPart{heading: "Refused by the new server", head: []string{"Account", "Folder", "UID", "Class", "Reason", "The server's words", "Signed off"}}
	for i := range p.folders {
		f := &p.folders[i]
		for _, r := range f.Refused {
			signed := "NO"
			if r.SignedOff != nil {
				signed = fmt.Sprintf("by %s, %s", r.SignedOff.By, stamp(r.SignedOff.Time))
			}
			out.rows = append(out.rows, []string{f.Account, f.Folder, strconv.FormatUint(uint64(r.UID), 10), r.Class, r.Reason, strings.TrimSpace(r.Code + " " + r.Words), signed})
		}
	}
	if len(out.rows) == 0 {
		out.paragraphs = []string{"None."}
	}
	return out
}

func (p *proof) differences() docPart {
	out := docPart{heading: "Differences", head: []string{"Account", "Folder", "Kind", "Message"}}
	for i := range p.folders {
		f := &p.folders[i]
		for _, d := range f.Differences {
			out.rows = append(out.rows, []string{f.Account, f.Folder, d.Kind, strings.TrimPrefix(strings.TrimPrefix(d.String(), d.Kind), ": ")})
		}
	}
	if len(out.rows) == 0 {
		out.paragraphs = []string{"None."}
	} else {
		out.paragraphs = []string{"Up to a number of messages of each kind are named in each folder; the counts above are complete."}
	}
	return out
}

// notes explain the one exception to "nothing doubled", and where it happened.
func (p *proof) notes() docPart {
	out := docPart{heading: "The stated exception", head: []string{"Account", "Folder", "Appended again"}, paragraphs: []string{
		"After a crash a message whose copy had already been moved away or deleted may have been copied again: it is on the new server rather twice than not at all.",
	}}
	for i := range p.folders {
		if f := &p.folders[i]; f.Reappended > 0 {
			out.rows = append(out.rows, []string{f.Account, f.Folder, strconv.Itoa(f.Reappended)})
		}
	}
	if len(out.rows) == 0 {
		out.paragraphs = append(out.paragraphs, "It did not happen here.")
	}
	return out
}
