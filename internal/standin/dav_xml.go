package standin

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// Namespaces of RFC 4918, 4791 and 6352, of calendarserver.org's ctag and of Apple's colours.
const (
	nsDAV   = "DAV:"
	nsCal   = "urn:ietf:params:xml:ns:caldav"
	nsCard  = "urn:ietf:params:xml:ns:carddav"
	nsServ  = "http://calendarserver.org/ns/"
	nsApple = "http://apple.com/ns/ical/"
)

var prefixes = map[string]string{nsDAV: "D:", nsCal: "C:", nsCard: "A:", nsServ: "S:", nsApple: "I:"}

const declared = ` xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:A="urn:ietf:params:xml:ns:carddav"` +
	` xmlns:S="http://calendarserver.org/ns/" xmlns:I="http://apple.com/ns/ical/"`

func dav(local string) xml.Name  { return xml.Name{Space: nsDAV, Local: local} }
func cal(local string) xml.Name  { return xml.Name{Space: nsCal, Local: local} }
func card(local string) xml.Name { return xml.Name{Space: nsCard, Local: local} }

// node is an element of a request.
type node struct {
	name xml.Name
	attr map[string]string // those without a namespace
	text string
	kids []*node
}

// Bounds of a request's XML. A multiget of ten thousand hrefs is within them.
const (
	maxXML    = 4 << 20
	maxTokens = 50_000 // elements' begins and ends, pieces of text, comments
	maxDepth  = 24
)

var errXML = errors.New("the XML is not well-formed, or is too much")

// parseXML reads a request's body. It returns nil for an empty one.
func parseXML(body []byte) (*node, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	if len(body) > maxXML {
		return nil, errXML
	}
	dec, count := xml.NewDecoder(bytes.NewReader(body)), 0
	top := &node{}
	open := []*node{top}
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errXML
		}
		if count++; count > maxTokens {
			return nil, errXML
		}
		in := open[len(open)-1]
		switch t := tok.(type) {
		case xml.StartElement:
			if len(open) > maxDepth || strings.Contains(t.Name.Local, ":") {
				return nil, errXML
			}
			n := &node{name: t.Name, attr: map[string]string{}}
			for _, a := range t.Attr {
				if a.Name.Space == "" && a.Name.Local != "xmlns" {
					n.attr[a.Name.Local] = a.Value
				}
			}
			in.kids = append(in.kids, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 1 {
				in.text += string(t)
			}
		case xml.Directive: // a DOCTYPE is how entities come in
			return nil, errXML
		}
	}
	if len(top.kids) != 1 {
		return nil, errXML
	}
	return top.kids[0], nil
}

// kid is the first child of a name; nil if there is none, or no node.
func (n *node) kid(name xml.Name) *node {
	for _, k := range n.all(name) {
		return k
	}
	return nil
}

// all are the children of a name.
func (n *node) all(name xml.Name) (out []*node) {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.name == name {
			out = append(out, k)
		}
	}
	return out
}

// inner is what an element holds, as XML: text and elements, whose order among each other is not kept.
func (n *node) inner() string {
	if len(n.kids) == 0 {
		return escape(n.text)
	}
	var b strings.Builder
	if t := strings.TrimSpace(n.text); t != "" {
		b.WriteString(escape(t))
	}
	for _, k := range n.kids {
		b.WriteString(element(k.name, k.inner()))
	}
	return b.String()
}

// element is an element with what it holds, which is XML already.
func element(name xml.Name, inner string) string {
	tag, ns := prefixes[name.Space]+name.Local, ""
	if prefixes[name.Space] == "" && name.Space == "" {
		ns = ` xmlns=""`
	} else if prefixes[name.Space] == "" {
		tag, ns = "X:"+name.Local, ` xmlns:X="`+escape(name.Space)+`"`
	}
	if inner == "" {
		return "<" + tag + ns + "/>"
	}
	return "<" + tag + ns + ">" + inner + "</" + tag + ">"
}

// escape makes text XML. What XML cannot hold becomes U+FFFD.
func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes all
	return b.String()
}

// document is a whole body.
func document(root xml.Name, inner string) []byte {
	tag := prefixes[root.Space] + root.Local
	return []byte(`<?xml version="1.0" encoding="utf-8"?>` + "\n<" + tag + declared + ">" + inner + "</" + tag + ">\n")
}
