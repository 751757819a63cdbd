package logins

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// columns are the names that a table's header may have.
func columns() []string {
	return []string{"login", "source-login", "destination-login", "source-password", "source"}
}

// ParseUsers reads a table of users: CSV with a header, fields parted by comma, semicolon or tab, in quotes if need be (RFC
// 4180). Errors name the line; they never repeat a field, which may be a password.
func ParseUsers(rd io.Reader) ([]User, error) {
	text, err := io.ReadAll(rd)
	if err != nil {
		return nil, err
	}
	if text, err = plain(text); err != nil {
		return nil, err
	}
	in := csv.NewReader(bytes.NewReader(text))
	in.Comma = comma(text)
	in.ReuseRecord = true
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the table is empty: its first line must name the columns")
	}
	if err != nil {
		return nil, csvError(err)
	}
	cols, err := readHeader(slices.Clone(header))
	if err != nil {
		return nil, err
	}
	var users []User
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return users, nil
		}
		if err != nil {
			return nil, csvError(err)
		}
		line, _ := in.FieldPos(0)
		u := User{Line: line}
		for i, col := range cols {
			u.set(col, strings.Clone(row[i]))
		}
		if u.Login == "" {
			return nil, fmt.Errorf("line %d: the login name is empty", line)
		}
		users = append(users, u)
	}
}

// set fills in a field. Spaces around a password belong to it.
func (u *User) set(col, field string) {
	trimmed := strings.TrimSpace(field)
	switch col {
	case "login":
		u.Login = trimmed
	case "source-login":
		u.SourceLogin = trimmed
	case "destination-login":
		u.DestLogin = trimmed
	case "source-password":
		u.Password = field
	case "source":
		u.Source, u.HasSource = trimmed, trimmed != ""
	}
}

// plain is the text without a byte order mark.
func plain(text []byte) ([]byte, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, errors.New("the table is in UTF-16: save it as UTF-8")
	}
	line := 1
	for rest := text; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && n == 1:
			return nil, fmt.Errorf("line %d: this is not UTF-8: save the table as UTF-8", line)
		case r == 0:
			return nil, fmt.Errorf("line %d: there is a NUL in it", line)
		case r == '\n':
			line++
		}
		rest = rest[n:]
	}
	return text, nil
}

// comma is what parts the fields: the first of the three in the first line that holds anything, else a comma.
func comma(text []byte) rune {
	text = bytes.TrimLeft(text, "\r\n")
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if i := bytes.IndexAny(line, ",;\t"); i >= 0 {
		return rune(line[i])
	}
	return ','
}

func readHeader(header []string) ([]string, error) {
	known := columns()
	for i, h := range header {
		h = strings.ToLower(strings.TrimSpace(h))
		switch {
		case !slices.Contains(known, h):
			return nil, fmt.Errorf("line 1: there is no column %q; there are: %s", h, strings.Join(known, ", "))
		case slices.Contains(header[:i], h):
			return nil, fmt.Errorf("line 1: the column %q is there twice", h)
		}
		header[i] = h
	}
	if !slices.Contains(header, "login") {
		return nil, errors.New("line 1: the column \"login\" is missing: the first line must name the columns")
	}
	return header, nil
}

// csvError names the line without repeating anything.
func csvError(err error) error {
	var at *csv.ParseError
	if !errors.As(err, &at) {
		return err
	}
	why := "the quotes do not match"
	if errors.Is(at.Err, csv.ErrFieldCount) {
		why = "there are more or fewer fields than columns"
	}
	return fmt.Errorf("line %d: %s", at.Line, why)
}
