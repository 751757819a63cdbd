package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"

	"crossfade/mapping/names/learn"
)

func main() {
	in := flag.String("in", ".", "folder with names.tsv and words.tsv")
	out := flag.String("out", ".", "folder for table.txt and vocabulary.txt")
	flag.Parse()
	if err := generate(*in, *out); err != nil {
		log.Fatal(err)
	}
}

func generate(in, out string) error {
	found, err := os.ReadFile(filepath.Join(in, "names.tsv"))
	if err != nil {
		return err
	}
	rows, err := learn.Rows(string(found))
	if err != nil {
		return err
	}
	byHand, err := os.ReadFile(filepath.Join(in, "words.tsv"))
	if err != nil {
		return err
	}
	words, err := learn.Words(string(byHand))
	if err != nil {
		return err
	}
	table, err := learn.Table(rows, words)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, "table.txt"), []byte(table), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "vocabulary.txt"), []byte(learn.Vocabulary(rows, words)), 0o644)
}
