package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"

	"crossfade/backfill/verify"
	"crossfade/internal/durable"
)

// proof is a comparison as it is written down: for people in one file, for machines in another.
type proof struct {
	whole   bool // its verdict has come
	verdict verdict
	folders []verify.Report
	data    bytes.Buffer // the JSON lines as they came
	Digest  string       // SHA-256 of data
}

// add takes one folder's line. A nil proof takes nothing.
func (p *proof) add(raw json.RawMessage, f verify.Report) {
	if p == nil {
		return
	}
	p.folders = append(p.folders, f)
	p.line(raw)
}

// end takes the verdict.
func (p *proof) end(raw json.RawMessage, v verdict) {
	if p == nil {
		return
	}
	p.line(raw)
	p.whole, p.verdict = true, v
	sum := sha256.Sum256(p.data.Bytes())
	p.Digest = hex.EncodeToString(sum[:])
	slices.SortFunc(p.folders, func(a, b verify.Report) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Folder, b.Folder))
	})
}

func (p *proof) line(raw json.RawMessage) {
	p.data.Write(raw)
	p.data.WriteByte('\n')
}

// checkReportName wants a kind of file that can be written.
func checkReportName(path string) error {
	switch filepath.Ext(path) {
	case ".md", ".html", ".txt":
		return nil
	}
	return usagef("--report %s: give a name that ends in .md, .html or .txt", path)
}

// dataFile is the machine's file beside a report: the JSON lines of the comparison, one a folder and the verdict.
func dataFile(report string) string {
	return strings.TrimSuffix(report, filepath.Ext(report)) + ".json"
}

// write writes both files, the data first: a report without its data proves nothing.
func (p *proof) write(path string) error {
	if err := durable.WriteFile(durable.OS{}, dataFile(path), p.data.Bytes(), 0o600); err != nil {
		return err
	}
	var text []byte
	switch d := p.document(dataFile(path)); filepath.Ext(path) {
	case ".html":
		text = d.html()
	case ".md":
		text = d.markdown()
	default:
		text = d.plain()
	}
	return durable.WriteFile(durable.OS{}, path, text, 0o600)
}
