package smartermail

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"crossfade/backfill"
	"crossfade/internal/standin"
	"crossfade/mapping"
)

const month = 30 * 24 * time.Hour

// TestReadRules: whatever looks like auto-clean rules is read as such, and nothing else is.
func TestReadRules(t *testing.T) {
	for _, c := range []struct {
		in   string
		told bool
		want []rule
	}{
		{`{"domainData":{"name":"x"}}`, false, nil},
		{`{"domainData":{"autoCleanRules":[]}}`, true, nil},
		{`{"domainData":{"autoCleanRules":[{"folder":"Junk E-Mail","days":30,"enabled":true},{"folder":"Deleted Items","days":7,"enabled":false}]}}`, true,
			[]rule{{folder: "Deleted Items", days: 7, off: true}, {folder: "Junk E-Mail", days: 30}}},
		{`{"auto_clean":{"folders":{"JunkEMail":{"maxAgeDays":30},"DeletedItems":{"maxSizeMB":100,"isEnabled":true}}}}`, true,
			[]rule{{folder: "DeletedItems", size: 100}, {folder: "JunkEMail", days: 30}}},
		{`{"auto-clean":{"folderName":"Junk","olderThanDays":14}}`, true, []rule{{folder: "Junk", days: 14}}},
		{`{"canOverrideAutoClean":true,"days":3,"folder":"x"}`, false, nil},
		{`{"archiveRules":[{"folder":"Junk","days":30}]}`, false, nil},
		{`{"autoClean":[{"folder":"Junk","days":"soon"},{"days":4},7,null]}`, true, nil},
		{`{"autoClean":[{"folder":"Junk","days":-5}]}`, true, []rule{{folder: "Junk"}}},
	} {
		var v any
		if err := json.Unmarshal([]byte(c.in), &v); err != nil {
			t.Fatal(err)
		}
		got, told := readRules(v)
		if told != c.told || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v %v, want %+v %v", c.in, got, told, c.want, c.told)
		}
	}
}

func TestApplied(t *testing.T) {
	folders := []backfill.Folder{{Name: "INBOX"}, {Name: "Papierkorb", Attrs: []string{`\Trash`}}, {Name: "Junk E-Mail", Attrs: []string{`\Spam`}}, {Name: "Old stuff"}}
	rules := []rule{{folder: "Deleted Items", days: 30}, {folder: "JunkEMail", size: 10}, {folder: "oldstuff", days: 1}, {folder: "Sent Items", days: 5}, {folder: "Junk E-Mail", days: 1, off: true}, {folder: "x"}, {folder: "far", days: 1 << 39}}
	got := applied(rules, folders)
	for i := range got {
		if got[i].Text == "" {
			t.Errorf("rule %d says nothing", i)
		}
		got[i].Text = ""
	}
	want := []backfill.CleanRule{{Folder: "Papierkorb", Role: mapping.Trash, OlderThan: month}, {Folder: "Junk E-Mail", Role: mapping.Junk},
		{Folder: "Old stuff", OlderThan: 24 * time.Hour}, {Role: mapping.Sent, OlderThan: 5 * 24 * time.Hour}, {OlderThan: 100 * 366 * 24 * time.Hour}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

// TestLook: the look before the move finds what there is, and changes nothing.
func TestLook(t *testing.T) {
	every(t, func(t *testing.T, o standin.Options) {
		_, c := bed(t, o)
		l := (&Driver{client: c}).Look(t.Context(), "example.com")
		if l.AboutErr != nil || l.LoginErr != nil || l.RightsErr != nil || l.RulesErr != nil || !l.System || l.Users != 1 || !l.RulesTold || len(l.Rules) != 2 {
			t.Errorf("found %+v", l)
		}
		if old := o.API.Build != 0; (l.About.Old() != "") != old {
			t.Errorf("build %d: %q", l.About.Build, l.About.Old())
		}
	})
	_, c := bed(t, standin.Options{API: standin.APIOptions{CleanStyle: standin.CleanUntold}})
	if l := (&Driver{client: c}).Look(t.Context(), "example.com"); l.RulesTold || l.RulesErr != nil {
		t.Errorf("rules that are not told: %+v", l)
	}
}

// TestWarnOld: a build with known holes is told of in the log, once, and no other.
func TestWarnOld(t *testing.T) {
	for n, want := range map[int]int{9525: 1, 9526: 0, 9700: 0} {
		_, c := bed(t, standin.Options{API: standin.APIOptions{Build: n}})
		var out bytes.Buffer
		c.opts.Log = slog.New(slog.NewTextHandler(&out, nil))
		for range 2 {
			if _, err := c.Mailbox(t.Context(), "boss@example.com"); err != nil {
				t.Fatal(err)
			}
			c.keys.drop(key{}, c.keys.have[key{}].access)
		}
		if got := strings.Count(out.String(), "dangerously old"); got != want || strings.Contains(out.String(), adminSecret) {
			t.Errorf("build %d: %q", n, out.String())
		}
	}
}

func TestBuild(t *testing.T) {
	for version, want := range map[string]int{"100.0.9526": 9526, "100.0.6919": 6919, "": 0, "16.x": 0, "100.0.-1": 0, "9526": 9526, "100.0.99999999999999999999": 0} {
		if got := build(version); got != want {
			t.Errorf("%q: %d, want %d", version, got, want)
		}
	}
}
