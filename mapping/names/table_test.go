package names

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The embedded table is what the generator makes of the names.
func TestTableIsFresh(t *testing.T) {
	out := filepath.Join(t.TempDir(), "table.txt")
	cmd := exec.CommandContext(t.Context(), "go", "run", "./generate", "-out", out)
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	fresh, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(fresh, []byte(tableText)) {
		t.Error("table.txt is not what names.tsv gives; run go generate ./mapping/names")
	}
}

func BenchmarkJudge(b *testing.B) {
	Senses("") // reads the table
	for _, name := range []string{"Sent Items", "Kunden", "Gelöschte Elemente", "Hộp thư đến", "迷惑メール", "میخواهم"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Judge(name, nil)
			}
		})
	}
}
