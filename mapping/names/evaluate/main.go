package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"

	"crossfade/mapping/names/learn"
)

func main() {
	dir := flag.String("in", "mapping/names", "folder with names.tsv, corrections.tsv and words.tsv")
	custom := flag.String("custom", "mapping/names/testdata/custom.tsv", "names of ordinary folders")
	others := flag.String("others", "mapping/names/testdata/heldout.tsv", "names of sources that nothing was learned from")
	verbose := flag.Bool("v", false, "list what was missed and wrong")
	flag.Parse()
	text := func(file string) string {
		b, err := os.ReadFile(file)
		if err != nil {
			log.Fatal(err)
		}
		return string(b)
	}
	optional := func(file string) string {
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return ""
		}
		return text(file)
	}
	rows, err := learn.Rows(text(filepath.Join(*dir, "names.tsv")))
	if err != nil {
		log.Fatal(err)
	}
	if rows, err = learn.Correct(rows, text(filepath.Join(*dir, "corrections.tsv"))); err != nil {
		log.Fatal(err)
	}
	words, err := learn.Words(text(filepath.Join(*dir, "words.tsv")))
	if err != nil {
		log.Fatal(err)
	}
	var other []learn.Row
	if list := optional(*others); list != "" {
		if other, err = learn.Rows(list); err != nil {
			log.Fatal(err)
		}
	}
	r, err := learn.Measure(rows, words, other, customNames(optional(*custom)))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(r.String())
	if *verbose {
		for _, m := range r.Notes {
			fmt.Println(m)
		}
	}
}
