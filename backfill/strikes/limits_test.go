package strikes

import (
	"reflect"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParse(t *testing.T) {
	for text, want := range map[string][]Rule{
		"10/10m":         {{10, 10 * time.Minute}, {30, 50 * time.Minute}, {4, 2 * time.Minute}},
		" 1 / 1s ":       {{1, time.Second}, {3, 5 * time.Second}, {1, time.Second / 5}},
		"100/1h30m":      {{100, 90 * time.Minute}, {300, 450 * time.Minute}, {40, 18 * time.Minute}},
		"off":            nil,
		"OFF":            nil,
		"10000/24h":      {{10000, 24 * time.Hour}, {30000, 120 * time.Hour}, {4000, 24 * time.Hour / 5}},
		"":               {{}},
		"10":             {{}},
		"10/":            {{}},
		"0/10m":          {{}},
		"-1/10m":         {{}},
		"10/10":          {{}},
		"10/-10m":        {{}},
		"10/1ms":         {{}},
		"10/25h":         {{}},
		"10001/10m":      {{}},
		"10/10m/10m":     {{}},
		"9999999999999/": {{}},
	} {
		got, err := Parse(text)
		if bad := len(want) == 1; bad != (err != nil) || !bad && !reflect.DeepEqual(got.Rules, want) {
			t.Errorf("%q: %+v %v", text, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"10/10m", "off", "1/1s", "x/y", "10/", "/", "1e3/1h", "+5/2m", "5/9223372036854775807ns"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := Parse(text)
		if err != nil {
			return
		}
		for _, r := range l.Rules {
			if r.Strikes < 1 || r.Window < time.Second/5 || r.kept(maxDoubt) < r.kept(1) || r.kept(maxDoubt) >= r.Strikes || r.kept(0) != 0 {
				t.Errorf("%q: %+v", text, r)
			}
		}
	})
}
