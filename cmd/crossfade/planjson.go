package main

import (
	"encoding/json"
	"io"
	"strings"

	"crossfade/mapping"
)

// planLine is what --json prints for each folder.
type planLine struct {
	Path        string           `json:"path"` // as the old server has it
	Role        mapping.Role     `json:"role"` // "" for a custom folder
	Destination string           `json:"destination"`
	Kind        string           `json:"kind"` // existing, create, skip
	Language    string           `json:"language"`
	Evidence    mapping.Evidence `json:"evidence"`
	Confidence  float64          `json:"confidence"`
	Doubt       string           `json:"doubt"`
	Why         string           `json:"why"`
	Family      mapping.Family   `json:"family,omitempty"` // of the old server, when it is known
}

// planJSON prints one object a line, the first folder's alone if only is set.
func planJSON(out io.Writer, p *planned, only bool) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for i := range p.plan.Decisions {
		if err := enc.Encode(p.line(i, only)); err != nil || only {
			return err
		}
	}
	return nil
}

// line describes folder i. Alone in its mailbox, a folder that is put to INBOX is the inbox.
func (p *planned) line(i int, alone bool) planLine {
	d := p.plan.Decisions[i]
	l := planLine{
		Path: strings.Join(p.source.Folders[i].Path, p.source.Separator), Kind: d.Kind.String(),
		Destination: strings.Join(d.Dest, p.dest.Separator), Doubt: d.Read.Doubt, Why: d.Why, Family: p.plan.Family,
	}
	switch {
	case d.Read.Role == "":
		return l
	case d.Given || alone && d.Role == d.Read.Role:
		l.Role, l.Evidence = d.Read.Role, d.Read.Evidence
	case d.Role == d.Read.Role:
		l.Evidence = "merged"
	default:
		l.Doubt = strings.TrimPrefix(l.Doubt+"; its name says "+string(d.Read.Role)+", but another folder is that", "; ")
		return l
	}
	l.Language, l.Confidence = d.Read.Language, d.Read.Confidence
	return l
}
