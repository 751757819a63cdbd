package smartermail

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"crossfade/backfill"
	"crossfade/mapping"
	"crossfade/mapping/names"
)

// rule is an auto-clean rule as the server has it. It names its folder in its own language, or by a word.
type rule struct {
	folder string
	days   int64
	size   int64 // in the server's unit; 0 if it goes by age
	off    bool
}

// cleanRules reads a domain's rules. The bool says whether the server told of any, an empty list included.
func (c *client) cleanRules(ctx context.Context, domain string) ([]rule, bool, error) {
	var all any
	if err := c.call(ctx, key{domain: domain}, get("domain", "settings/domain/domain"), &all); err != nil {
		return nil, false, err
	}
	rules, told := readRules(all)
	return rules, told, nil
}

// deepest bounds how far into an answer is looked.
const deepest = 8

// readRules finds what looks like auto-clean rules: below a name that says so, every object that names a folder, or is
// named like one, with an age or a size. No source tells the names of these fields.
func readRules(v any) (rules []rule, told bool) {
	var walk func(v any, below bool, name string, depth int)
	walk = func(v any, below bool, name string, depth int) {
		if depth > deepest {
			return
		}
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e, below, "", depth+1)
			}
		case map[string]any:
			if below {
				if r, ok := readRule(v, name); ok {
					rules = append(rules, r)
					return
				}
			}
			for k, e := range v {
				cleans := strings.Contains(letters(k), "autoclean")
				switch e.(type) {
				case []any, map[string]any:
					told = told || cleans
				}
				walk(e, below || cleans, k, depth+1)
			}
		}
	}
	walk(v, false, "", 0)
	slices.SortFunc(rules, func(a, b rule) int { return strings.Compare(a.folder, b.folder) })
	return rules, told
}

// readRule reads one object.
func readRule(v map[string]any, name string) (r rule, ok bool) {
	r.folder = name
	for k, e := range v {
		switch k = letters(k); e := e.(type) {
		case string:
			if k == "folder" || k == "foldername" || k == "folderpath" {
				r.folder = e
			}
		case bool:
			if k == "enabled" || k == "isenabled" || k == "active" || k == "isactive" {
				r.off = !e
			}
			if k == "disabled" || k == "isdisabled" {
				r.off = e
			}
		case float64:
			n := int64(min(max(e, 0), 1<<40))
			switch {
			case strings.Contains(k, "day") || strings.Contains(k, "maxage") || strings.Contains(k, "olderthan") || k == "age":
				r.days, ok = n, true
			case strings.Contains(k, "size") || strings.Contains(k, "mb") || strings.Contains(k, "byte"):
				r.size, ok = n, true
			}
		}
	}
	return r, ok && r.folder != ""
}

// letters are the letters of a name, in lower case.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// role is what the rule's folder is for. Names come as "Junk E-Mail", "JunkEMail", "deleted_items".
func (r rule) role() mapping.Role {
	switch s := letters(r.folder); {
	case strings.Contains(s, "junk") || strings.Contains(s, "spam"):
		return mapping.Junk
	case strings.Contains(s, "delete") || strings.Contains(s, "trash"):
		return mapping.Trash
	case strings.Contains(s, "sent"):
		return mapping.Sent
	}
	if senses := names.Senses(r.folder); len(senses) == 1 {
		return senses[0].Role
	}
	return ""
}

func (r rule) String() string {
	if r.days > 0 {
		return fmt.Sprintf("the server deletes from %q what is older than %d days", plainText(r.folder), r.days)
	}
	return fmt.Sprintf("the server deletes from %q the oldest mail when it grows", plainText(r.folder))
}

// applied are the rules that are in force, for the folders of a mailbox.
func applied(rules []rule, folders []backfill.Folder) []backfill.CleanRule {
	out := []backfill.CleanRule{}
	for _, r := range rules {
		if r.off || r.days == 0 && r.size == 0 {
			continue
		}
		days := min(r.days, 100*366)
		c := backfill.CleanRule{Role: r.role(), OlderThan: time.Duration(days) * 24 * time.Hour, Text: r.String()}
		for _, f := range folders {
			if role := mapping.RoleOf(f.Attrs); c.Role != "" && role == c.Role || role == "" && letters(f.Name) == letters(r.folder) {
				c.Folder = f.Name
				break
			}
		}
		out = append(out, c)
	}
	return out
}
