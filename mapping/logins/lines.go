package logins

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// SourceLine says which source a mail domain is on.
type SourceLine struct {
	Line        int
	Domain, URL string
}

// ParseSources reads lines of `domain = URL`. Empty lines and those that begin with # say nothing. Errors name the line and
// do not repeat the URL.
func ParseSources(rd io.Reader) ([]SourceLine, error) {
	var out []SourceLine
	seen := map[string]int{}
	in := bufio.NewScanner(rd)
	for line := 1; in.Scan(); line++ {
		text := strings.TrimSpace(strings.TrimPrefix(in.Text(), "\ufeff"))
		if text == "" || text[0] == '#' {
			continue
		}
		name, url, ok := strings.Cut(text, "=")
		if url = strings.TrimSpace(url); !ok || url == "" {
			return nil, fmt.Errorf("line %d: say domain = URL, such as example.com = imaps://old.example.com", line)
		}
		domain, err := Domain(name)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		if seen[domain] > 0 {
			return nil, fmt.Errorf("line %d: %s is in line %d already", line, domain, seen[domain])
		}
		seen[domain] = line
		out = append(out, SourceLine{line, domain, url})
	}
	return out, in.Err()
}

// ParseWindows reads "EX=example.com, FOO=foo.example": which mail domain a Windows domain stands for.
func ParseWindows(s string) (map[string]string, error) {
	out := map[string]string{}
	for pair := range strings.SplitSeq(s, ",") {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		windows, domain, ok := strings.Cut(pair, "=")
		windows = strings.ToUpper(strings.TrimSpace(windows))
		if !ok || windows == "" || strings.ContainsAny(windows, `\@/ `) {
			return nil, fmt.Errorf("%q: say NAME=domain, such as EX=example.com", pair)
		}
		if out[windows] != "" {
			return nil, fmt.Errorf("%s is there twice", windows)
		}
		d, err := Domain(domain)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", windows, err)
		}
		out[windows] = d
	}
	return out, nil
}
