package learn

import (
	"slices"
	"testing"

	"crossfade/mapping/names"
)

func TestCorrect(t *testing.T) {
	rows := []Row{{"one", "ko", names.Notes, "기타"}, {"two", "ko", names.Notes, "기타"}}
	const head = "source\tlang\trole\tname\twhy\n"
	got, err := Correct(rows, head+"one\tko\tnotes\t기타\tit says other\n")
	if err != nil || !slices.Equal(got, rows[1:]) {
		t.Errorf("left are %v (%v)", got, err)
	}
	for _, text := range []string{"three\tko\tnotes\t기타\tnot there\n", "one\tko\tnotes\t기타\t\n", "one\tko\tnotes\t기타\n"} {
		if _, err := Correct(rows, head+text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	if names.Judge("기타", []names.Vote{{Language: "ko", Weight: 1}}).Role != "" {
		t.Error("other folders are notes to the table")
	}
}
