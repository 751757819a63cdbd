package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"

	"crossfade/mapping/names"
	"crossfade/mapping/names/learn"
)

func main() {
	in := flag.String("in", ".", "folder with names.tsv, corrections.tsv and words.tsv")
	out := flag.String("out", ".", "folder for table.txt, vocabulary.txt and titles.txt")
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
	slips, err := os.ReadFile(filepath.Join(in, "corrections.tsv"))
	if err != nil {
		return err
	}
	if rows, err = learn.Correct(rows, string(slips)); err != nil {
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
	vocabulary := learn.Vocabulary(rows, words)
	if err := os.WriteFile(filepath.Join(out, "vocabulary.txt"), []byte(vocabulary), 0o644); err != nil {
		return err
	}
	book, err := names.Parse(table, vocabulary)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "titles.txt"), []byte(learn.Titles(rows, book)), 0o644)
}
