package maildir

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"crossfade/internal/durable"
)

// system are the letters of the flags that every Maildir knows. $Forwarded is one only here.
var system = map[string]byte{`\draft`: 'D', `\flagged`: 'F', "$forwarded": 'P', `\answered`: 'R', `\seen`: 'S', `\deleted`: 'T'}

// letters is the info part for some flags. Keywords get the letters a to z in the order in which they come; beyond
// those they have none.
func (f *Folder) letters(flags []string) (string, error) {
	var out []byte
	for _, flag := range flags {
		if c, ok := system[strings.ToLower(flag)]; ok {
			out = append(out, c)
		}
		if flag == "" || flag[0] == '\\' {
			continue
		}
		if c, ok := f.keyword(flag); ok {
			out = append(out, c)
		}
	}
	slices.Sort(out)
	return string(slices.Compact(out)), f.writeKeywords()
}

// keyword finds a keyword's letter, or gives it one.
func (f *Folder) keyword(flag string) (byte, bool) {
	i := slices.IndexFunc(f.keywords, func(k string) bool { return strings.EqualFold(k, flag) })
	if i < 0 && len(f.keywords) < 26 && !strings.ContainsAny(flag, " \r\n") {
		i, f.learned = len(f.keywords), true
		f.keywords = append(f.keywords, flag)
	}
	return byte('a' + i), i >= 0
}

// readKeywords reads the letters that were given out: a line each, number and keyword.
func (f *Folder) readKeywords() error {
	text, err := os.ReadFile(filepath.Join(f.dir, keywordsFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		number, name, ok := strings.Cut(lines.Text(), " ")
		if n, err := strconv.Atoi(number); !ok || err != nil || n != len(f.keywords) || n >= 26 {
			return fmt.Errorf("%s: %q is not understood", filepath.Join(f.dir, keywordsFile), lines.Text())
		}
		f.keywords = append(f.keywords, name)
	}
	return lines.Err()
}

// writeKeywords writes them before a file bears a letter that is new.
func (f *Folder) writeKeywords() error {
	if !f.learned {
		return nil
	}
	var out bytes.Buffer
	for i, k := range f.keywords {
		fmt.Fprintf(&out, "%d %s\n", i, k)
	}
	err := durable.WriteFile(durable.OS{}, filepath.Join(f.dir, keywordsFile), out.Bytes(), 0o600)
	f.learned = err != nil
	return err
}
